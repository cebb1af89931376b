// SPDX-License-Identifier: Apache-2.0
#include "core/base/excerpt.hpp"

#include <algorithm>

namespace core {

std::string excerpt(std::string_view text, std::size_t limit) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string quoted = "\"";
    for (const char byte : text.substr(0, limit)) {
        const auto value = static_cast<unsigned char>(byte);
        if (byte == '\n') {
            quoted += "\\n";
        } else if (byte == '"' || byte == '\\') {
            quoted += {'\\', byte};
        } else if (value < 0x20 || value > 0x7e) {
            quoted += {'\\', 'x', hex[value >> 4U], hex[value & 0x0fU]};
        } else {
            quoted += byte;
        }
    }
    return quoted + (text.size() > limit ? "\"..." : "\"");
}

bool has_control_character(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(), [](char byte) {
        const auto value = static_cast<unsigned char>(byte);
        return value < 0x20 || value == 0x7f;
    });
}

}  // namespace core
