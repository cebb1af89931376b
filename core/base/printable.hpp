// SPDX-License-Identifier: Apache-2.0
// Bytes from outside, made fit for one line of a log, a JSON string or a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace core {

/// The first `max` bytes of `text`, with every byte that is not printable ASCII replaced by '?',
/// and "..." appended when something was cut off.
[[nodiscard]] std::string printable(std::string_view text, std::size_t max);

}  // namespace core
