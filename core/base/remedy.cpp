// SPDX-License-Identifier: Apache-2.0
#include "core/base/remedy.hpp"

#include <algorithm>

namespace core {

namespace {

enum class Quoting { none, shell };

std::string replaced(std::string_view text, std::span<const Placeholder> values, Quoting quoting) {
    std::string out;
    for (;;) {
        const std::size_t brace = std::min(text.find('{'), text.size());
        out += text.substr(0, brace);
        text.remove_prefix(brace);
        if (text.empty()) {
            return out;
        }
        const auto found = std::ranges::find_if(
            values, [text](const Placeholder& value) { return text.starts_with(value.first); });
        if (found == values.end()) {
            out += text.front();
            text.remove_prefix(1);
            continue;
        }
        out += quoting == Quoting::shell ? shell_quoted(found->second) : std::string(found->second);
        text.remove_prefix(found->first.size());
    }
}

}  // namespace

Remedy filled(const RemedyTemplate& text, std::span<const Placeholder> values) {
    Remedy remedy{replaced(text.advice, values, Quoting::none), {}};
    for (const std::string_view command : text.lines()) {
        remedy.commands.push_back(replaced(command, values, Quoting::shell));
    }
    return remedy;
}

std::string one_line(const Remedy& remedy) {
    return remedy.commands.empty() ? remedy.advice
                                   : remedy.advice + " First: " + remedy.commands.front();
}

std::string shell_quoted(std::string_view word) {
    constexpr std::string_view safe =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!word.empty() && word.find_first_not_of(safe) == std::string_view::npos) {
        return std::string(word);
    }
    std::string out = "'";
    for (const char byte : word) {
        if (byte == '\'') {
            out += "'\\''";
        } else {
            out += byte;
        }
    }
    return out + "'";
}

}  // namespace core
