// SPDX-License-Identifier: Apache-2.0
// What an operator does about a fault: advice, and commands that can be pasted.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

struct Remedy {
    std::string advice;                 ///< one sentence without a command; "" for no remedy
    std::vector<std::string> commands;  ///< in order; each is one line that sh(1) takes unchanged

    friend bool operator==(const Remedy&, const Remedy&) = default;
};

/// A remedy of a table, with placeholders such as "{mount}".
struct RemedyTemplate {
    std::string_view advice;
    std::array<std::string_view, 8> commands{};  ///< the first empty one ends the list

    [[nodiscard]] constexpr std::span<const std::string_view> lines() const {
        std::size_t count = 0;
        while (count < commands.size() && !commands[count].empty()) {
            ++count;
        }
        return {commands.data(), count};
    }
};

/// A placeholder with its braces, and its value.
using Placeholder = std::pair<std::string_view, std::string_view>;

/// Replaces the placeholders: in the advice by the values, in the commands by the values as words
/// for sh(1). An unknown placeholder stays. A command must not put a placeholder inside quotes
/// ("$(command {placeholder})" is fine: it begins a context of its own).
[[nodiscard]] Remedy filled(const RemedyTemplate& text, std::span<const Placeholder> values);

/// Returns the advice and the first command on one line, for a log.
[[nodiscard]] std::string one_line(const Remedy& remedy);

/// Returns a word for sh(1): unchanged where every byte is safe, else in single quotes.
[[nodiscard]] std::string shell_quoted(std::string_view word);

}  // namespace core
