// SPDX-License-Identifier: Apache-2.0
#include "core/nfs/server_address.hpp"

#include "core/base/text_fields.hpp"
#include "core/model/mount_problem.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace core {
namespace {

using V4 = std::array<std::uint8_t, 4>;
using V6 = std::array<std::uint16_t, 8>;

constexpr std::size_t interface_name_max = 15;  // IFNAMSIZ without its NUL

bool is_decimal(char c) {
    return c >= '0' && c <= '9';
}

bool is_of_interface_name(char c) {
    return is_decimal(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
}

// As inet_pton(3) has it: four parts, none with a leading zero.
std::optional<V4> parse_v4(std::string_view text) {
    V4 bytes{};
    if (std::ranges::count(text, '.') != 3 || text.ends_with('.')) {
        return std::nullopt;
    }
    for (std::uint8_t& byte : bytes) {
        const std::string_view part = take_until(text, '.');
        const auto number = parse_number<std::uint8_t>(part);
        if (!number || (part.size() > 1 && part.front() == '0')) {
            return std::nullopt;
        }
        byte = *number;
    }
    return bytes;
}

std::optional<std::uint16_t> parse_group(std::string_view text) {
    std::uint16_t group = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), group, 16);
    if (text.size() > 4 || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return group;
}

// RFC 4291, section 2.2: groups of hexadecimal digits, "::" once for a run of zeros, IPv4 at the
// end.
std::optional<V6> parse_v6(std::string_view text) {
    V6 groups{};
    std::size_t count = 0;
    std::optional<std::size_t> gap;
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        const bool is_last = text.find(':') == std::string_view::npos;
        const std::string_view piece = take_until(text, ':');
        if (is_last && piece.find('.') != std::string_view::npos) {
            const auto v4 = parse_v4(piece);
            if (!v4 || count > groups.size() - 2) {
                return std::nullopt;
            }
            groups[count++] = static_cast<std::uint16_t>((*v4)[0] << 8 | (*v4)[1]);
            groups[count++] = static_cast<std::uint16_t>((*v4)[2] << 8 | (*v4)[3]);
            break;
        }
        const auto group = parse_group(piece);
        if (!group || count == groups.size()) {
            return std::nullopt;
        }
        groups[count++] = *group;
        if (text.starts_with(':') && !gap) {
            gap = count;
            text.remove_prefix(1);
        } else if (!is_last && text.empty()) {
            return std::nullopt;  // ends with a colon
        }
    }
    if (gap ? count == groups.size() : count != groups.size()) {
        return std::nullopt;
    }
    if (gap) {
        std::rotate(groups.begin() + *gap, groups.begin() + count, groups.end());
    }
    return groups;
}

bool is_loopback(const V6& groups) {
    constexpr V6 loopback{0, 0, 0, 0, 0, 0, 0, 1};
    constexpr std::array<std::uint16_t, 6> mapped{0, 0, 0, 0, 0, 0xffff};
    return groups == loopback || (std::equal(mapped.begin(), mapped.end(), groups.begin()) &&
                                  groups[mapped.size()] >> 8 == 127);
}

// Whether it is the address of this host itself; absent if it is no IP literal.
std::optional<bool> loopback_of(std::string_view text) {
    if (const auto v4 = parse_v4(text)) {
        return v4->front() == 127;
    }
    const bool scoped = text.find('%') != std::string_view::npos;
    const auto v6 = parse_v6(take_until(text, '%'));
    const bool scope_is_good = !text.empty() && text.size() <= interface_name_max &&
                               std::ranges::all_of(text, is_of_interface_name);
    if (!v6 || (scoped && !scope_is_good)) {
        return std::nullopt;
    }
    return is_loopback(*v6);
}

}  // namespace

std::optional<FileServer> file_server_of(const MountEntry& mount) {
    if (!is_nfs(mount.fstype)) {
        return std::nullopt;
    }
    std::string_view options = mount.super_options;
    std::string_view address;
    std::string_view port_text = "0";
    while (!options.empty()) {
        std::string_view value = take_until(options, ',');
        const std::string_view key = take_until(value, '=');
        if (key == "addr") {
            address = value;
        } else if (key == "port") {
            port_text = value;
        }
    }
    const auto loopback = loopback_of(address);
    const auto port = parse_number<std::uint16_t>(port_text);
    if (!loopback || !port) {
        return std::nullopt;
    }
    return FileServer{.address = std::string(address),
                      .port = *port == 0 ? nfs_port : *port,
                      .loopback = *loopback};
}

std::string to_string(const FileServer& server) {
    const bool v6 = server.address.find(':') != std::string::npos;
    return (v6 ? "[" + server.address + "]" : server.address) + ":" + std::to_string(server.port);
}

}  // namespace core
