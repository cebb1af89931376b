// SPDX-License-Identifier: Apache-2.0
// Cutting the kernel's and the log's lines into fields. The pieces are views into the text that was
// given.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace core {

/// Takes the text up to `separator` off the front of `rest`, and the separator with it; all of it
/// where there is none.
inline std::string_view take_until(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const std::string_view piece = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return piece;
}

/// The whole of `text` as a decimal number of that type; absent for anything else, an overflow
/// included.
template <std::integral Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

}  // namespace core
