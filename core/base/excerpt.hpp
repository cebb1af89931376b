// SPDX-License-Identifier: Apache-2.0
// Foreign bytes in a message: quoted, printable, bounded, on one line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace core {

/// `text` in double quotes. Bytes outside printable ASCII, quotes and backslashes are escaped; what
/// lies beyond `limit` bytes is replaced by "..." after the closing quote.
[[nodiscard]] std::string excerpt(std::string_view text, std::size_t limit = 60);

/// Whether `text` holds a byte below 0x20, or 0x7f.
[[nodiscard]] bool has_control_character(std::string_view text) noexcept;

}  // namespace core
