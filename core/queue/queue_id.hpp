// SPDX-License-Identifier: Apache-2.0
// When a message arrived, from its queue id or its queue file.
//
// Source: Postfix's src/global/mail_queue.h (ids), src/global/record.c, rec_type.h (queue files).
// Tried with 3.7.
#pragma once

#include "core/base/time.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace core {

/// The time in a long queue id (enable_long_queue_ids = yes): seconds in base 52, six digits or
/// more, microseconds in four digits, "z", the inode in base 51. Absent for any other name.
[[nodiscard]] std::optional<WallTime> arrival_of_long_id(std::string_view queue_id) noexcept;

/// An arrival record lies within so many bytes of a queue file: after the size record of 97 bytes,
/// or at the beginning in the maildrop.
inline constexpr std::size_t arrival_record_within = 256;

/// The time of the arrival record (type "T") in the first bytes of a queue file. Absent if there is
/// none: the file is not written yet, or is not Postfix's.
[[nodiscard]] std::optional<WallTime> arrival_of_queue_file(std::string_view first_bytes) noexcept;

}  // namespace core
