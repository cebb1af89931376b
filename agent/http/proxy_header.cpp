// SPDX-License-Identifier: Apache-2.0
#include "agent/http/proxy_header.hpp"

#include "core/base/text_fields.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>

namespace agent {
namespace {

constexpr ProxyHeader incomplete{ParseState::incomplete, 0};
constexpr ProxyHeader malformed{ParseState::malformed_proxy, 0};

constexpr std::string_view word = "PROXY";
constexpr std::size_t line_limit = 107;

bool is_address(int family, std::string_view text) {
    in6_addr room{};
    return ::inet_pton(family, std::string(text).c_str(), &room) == 1;
}

bool is_port(std::string_view text) {
    return core::parse_number<std::uint16_t>(text).has_value();
}

bool is_valid(std::string_view line) {
    if (core::take_until(line, ' ') != word) {
        return false;
    }
    const std::string_view protocol = core::take_until(line, ' ');
    if (protocol == "UNKNOWN") {
        return true;  // the rest is to be ignored
    }
    if (protocol != "TCP4" && protocol != "TCP6") {
        return false;
    }
    const int family = protocol == "TCP4" ? AF_INET : AF_INET6;
    const std::string_view source = core::take_until(line, ' ');
    const std::string_view destination = core::take_until(line, ' ');
    const std::string_view source_port = core::take_until(line, ' ');
    return is_address(family, source) && is_address(family, destination) && is_port(source_port) &&
           is_port(line);
}

ProxyHeader parse_version_1(std::string_view received) {
    const std::string_view bytes = received.substr(0, line_limit);
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
        return bytes.size() < line_limit ? incomplete : malformed;
    }
    if (bytes[end - 1] != '\r' || !is_valid(bytes.substr(0, end - 1))) {
        return malformed;
    }
    return {ParseState::complete, end + 1};
}

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t fixed_size = 16;  ///< signature, version and command, family, length

/// Bytes of both addresses; absent for a family that the protocol does not allow.
std::optional<std::size_t> address_bytes(unsigned char family) {
    switch (family) {
        case 0x00: return 0;  // unspecified
        case 0x11:
        case 0x12: return 12;  // IPv4
        case 0x21:
        case 0x22: return 36;  // IPv6
        case 0x31:
        case 0x32: return 216;  // Unix
        default: return std::nullopt;
    }
}

bool is_valid(unsigned char version_and_command, unsigned char family, std::size_t length) {
    constexpr unsigned char local = 0x20;  // by the proxy itself, as a health check; no addresses
    constexpr unsigned char proxy = 0x21;
    if (version_and_command == local) {
        return true;
    }
    const std::optional<std::size_t> least = address_bytes(family);
    return version_and_command == proxy && least && length >= *least;
}

ProxyHeader parse_version_2(std::string_view received) {
    if (received.size() < fixed_size) {
        return incomplete;
    }
    const auto byte = [received](std::size_t at) {
        return static_cast<unsigned char>(received[at]);
    };
    const std::size_t length = std::size_t{byte(14)} << 8 | byte(15);
    const std::size_t size = fixed_size + length;
    if (size > proxy_header_limit || !is_valid(byte(12), byte(13), length)) {
        return malformed;
    }
    if (received.size() < size) {
        return incomplete;
    }
    return {ParseState::complete, size};
}

/// As far as received.
bool begins_with(std::string_view received, std::string_view magic) {
    return magic.starts_with(received.substr(0, magic.size()));
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view received) {
    if (begins_with(received, signature)) {
        return parse_version_2(received);
    }
    if (begins_with(received, word)) {
        return parse_version_1(received);
    }
    return {};
}

}  // namespace agent
