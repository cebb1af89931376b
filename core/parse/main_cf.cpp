// SPDX-License-Identifier: Apache-2.0
#include "core/parse/main_cf.hpp"

#include "core/base/text_fields.hpp"

#include <algorithm>

namespace core {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);  // npos + 1 is 0
}

bool says_nothing(std::string_view line) {
    const std::string_view text = trimmed(line);
    return text.empty() || text.front() == '#';
}

}  // namespace

std::optional<std::string> main_cf_value(std::string_view main_cf, std::string_view name) {
    std::optional<std::string> value;
    bool in_entry = false;  // the logical line that is being read is an entry of that name
    while (!main_cf.empty()) {
        const std::string_view line = take_until(main_cf, '\n');
        if (says_nothing(line)) {
            continue;  // also between a line and its continuation
        }
        if (blanks.find(line.front()) != std::string_view::npos) {
            if (in_entry) {
                value->append(line);
            }
            continue;
        }
        std::string_view rest = line;
        in_entry =
            line.find('=') != std::string_view::npos && trimmed(take_until(rest, '=')) == name;
        if (in_entry) {
            value = rest;
        }
    }
    if (!value || value->find('$') != std::string::npos) {
        return std::nullopt;
    }
    return std::string(trimmed(*value));
}

}  // namespace core
