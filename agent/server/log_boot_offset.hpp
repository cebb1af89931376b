// SPDX-License-Identifier: Apache-2.0
// Where in a log this boot's lines begin, found without reading the log: a binary search by the lines' time stamps.
#pragma once

#include "core/log_time.hpp"
#include "core/result.hpp"

#include <cstdint>

namespace agent {

/// Files up to this size are read whole.
inline constexpr std::uint64_t log_search_above = 1024 * 1024;

/// An offset at a line's beginning such that the lines before it are of before the boot; 0 for a small file. It errs on
/// the early side: by some minutes and some KiB for stamps that are not quite in order, and further where a stretch of
/// the file has no stamps that can be read. Reads at most a few MiB, whatever the file's size.
/// `file` must be a regular file; its own offset is neither used nor moved.
[[nodiscard]] core::Result<std::uint64_t> find_boot_offset(int file, core::WallTime boot_began, core::WallTime now,
                                                           const core::LocalTime& local_time);

}  // namespace agent
