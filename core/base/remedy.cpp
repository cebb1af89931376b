// SPDX-License-Identifier: Apache-2.0
#include "core/base/remedy.hpp"

namespace core {

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
