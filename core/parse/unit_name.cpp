// SPDX-License-Identifier: Apache-2.0
#include "core/parse/unit_name.hpp"

#include "core/base/text_fields.hpp"

namespace core {
namespace {

bool stays(char byte, bool first) {
    const bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                              (byte >= 'A' && byte <= 'Z');
    return alphanumeric || byte == ':' || byte == '_' || (byte == '.' && !first);
}

void append_escaped(std::string& name, char byte) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    name.append("\\x").append(1, digits[value >> 4U]).append(1, digits[value & 15U]);
}

}  // namespace

std::string mount_unit_name(std::string_view path) {
    std::string name;
    while (!path.empty()) {
        const std::string_view component = take_until(path, '/');
        name += component.empty() || name.empty() ? "" : "-";
        for (const char byte : component) {
            if (stays(byte, name.empty())) {
                name += byte;
            } else {
                append_escaped(name, byte);
            }
        }
    }
    return (name.empty() ? "-" : name) + ".mount";
}

}  // namespace core
