// SPDX-License-Identifier: Apache-2.0
#include "config/forms.hpp"

#include "core/base/excerpt.hpp"
#include "core/model/instance_id.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace config {
namespace {

constexpr std::size_t path_max = 4095;  // PATH_MAX without its NUL
constexpr std::size_t name_max = 255;
constexpr std::size_t user_max = 32;
constexpr std::size_t filesystem_type_max = 64;

std::string complaint(std::string_view text, std::string_view why) {
    return core::excerpt(text).append(" ").append(why);
}

bool is_letter_or_digit(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

bool consists_of_word_characters(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char byte) {
        return is_letter_or_digit(byte) || byte == '.' || byte == '_' || byte == '-';
    });
}

bool is_ip(int family, std::string_view text) {
    in6_addr room{};  // large enough for both families
    return text.find('\0') == std::string_view::npos &&
           inet_pton(family, std::string(text).c_str(), &room) == 1;
}

bool is_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
    return code == std::errc{} && end == text.data() + text.size() && port != 0;
}

// The part of "host[:port]" before the port, and the rest; an IPv6 host keeps its brackets.
std::size_t end_of_host(std::string_view authority) {
    if (authority.starts_with('[')) {
        const std::size_t bracket = authority.find(']');
        return bracket == std::string_view::npos ? authority.size() : bracket + 1;
    }
    return std::min(authority.find(':'), authority.size());
}

bool is_host(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) {
        return is_ip(AF_INET6, host.substr(1, host.size() - 2));
    }
    return is_ip(AF_INET, host);
}

// "" when every component is an ordinary one.
std::string_view why_not_normal(std::string_view path) {
    for (std::size_t at = 1; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view component = path.substr(at, end - at);
        if (component.empty()) {
            return at == path.size() ? "ends in a slash; leave it away"
                                     : "has an empty component (\"//\")";
        }
        if (component == "." || component == "..") {
            return "has a component \".\" or \"..\"; write the path without it";
        }
        if (component.size() > name_max) {
            return "has a component of more than 255 bytes";
        }
        at = end + 1;
        if (at == path.size()) {
            return "ends in a slash; leave it away";
        }
    }
    return {};
}

}  // namespace

Complaint absolute_path(std::string_view text) {
    if (!text.starts_with('/')) {
        return complaint(text, "is not an absolute path");
    }
    if (text == "/") {
        return complaint(text, "is the root directory; a path below it is wanted");
    }
    if (text.size() > path_max) {
        return complaint(text, "is longer than 4095 bytes");
    }
    if (core::has_control_character(text)) {
        return complaint(text, "has a control character");
    }
    if (const std::string_view why = why_not_normal(text); !why.empty()) {
        return complaint(text, why);
    }
    return std::nullopt;
}

Complaint auto_or_absolute_path(std::string_view text) {
    if (text == "auto") {
        return std::nullopt;
    }
    if (!text.starts_with('/')) {
        return complaint(text, "is neither \"auto\" nor an absolute path");
    }
    return absolute_path(text);
}

Complaint ip_literal(std::string_view text) {
    if (is_ip(AF_INET, text) || is_ip(AF_INET6, text)) {
        return std::nullopt;
    }
    return complaint(text, "is not an IP address such as 0.0.0.0 or ::");
}

Complaint http_endpoint(std::string_view text) {
    constexpr std::string_view scheme = "http://";
    constexpr std::string_view form = "; expected http://<IPv4 address or [IPv6 address]>[:port]";
    if (!text.starts_with(scheme)) {
        return complaint(text, "does not begin with http://").append(form);
    }
    const std::string_view authority = text.substr(scheme.size());
    if (authority.find_first_of("/?#") != std::string_view::npos) {
        return complaint(text, "has a path").append(form);
    }
    const std::string_view host = authority.substr(0, end_of_host(authority));
    if (!is_host(host)) {
        return complaint(text, "has no IP address as its host").append(form);
    }
    const std::string_view rest = authority.substr(host.size());
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) {
        return complaint(text, "has a port that is not 1 to 65535").append(form);
    }
    return std::nullopt;
}

Complaint auto_or_instance_id(std::string_view text) {
    if (text == "auto") {
        return std::nullopt;
    }
    if (const core::Result<void> valid = core::validate_literal_id(text); !valid) {
        return valid.error().message;
    }
    return std::nullopt;
}

Complaint auto_or_user(std::string_view text) {
    if (text == "root") {
        return complaint(
            text, "would leave the server its power; name an unprivileged user, or \"auto\"");
    }
    const bool begins_well = !text.empty() && is_letter_or_digit(text.front()) &&
                             (text.front() < '0' || text.front() > '9');
    if ((begins_well || text.starts_with('_')) && text.size() <= user_max &&
        consists_of_word_characters(text)) {
        return std::nullopt;
    }
    return complaint(text,
                     "is not a user's name: a letter or underscore, then letters, digits, '_', "
                     "'-', '.', at most 32");
}

Complaint filesystem_type(std::string_view text) {
    if (!text.empty() && text.size() <= filesystem_type_max && consists_of_word_characters(text)) {
        return std::nullopt;
    }
    return complaint(
        text, "is not a file system type such as nfs4: 1 to 64 letters, digits, '.', '_', '-'");
}

Complaint mount_source(std::string_view text) {
    if (text.empty()) {
        return complaint(text, "is empty; null stands for any source");
    }
    if (text.size() > path_max) {
        return complaint(text, "is longer than 4095 bytes");
    }
    if (core::has_control_character(text)) {
        return complaint(text, "has a control character");
    }
    return std::nullopt;
}

}  // namespace config
