// SPDX-License-Identifier: Apache-2.0
#include "agent/http/bind_listener.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace agent {
namespace {

struct Endpoint {
    sockaddr_storage address{};
    socklen_t size = 0;
};

/// size stays 0 if the text is not an IP literal.
Endpoint parse(const std::string& address, std::uint16_t port) {
    Endpoint endpoint;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        endpoint.size = sizeof v4;
        std::memcpy(&endpoint.address, &v4, sizeof v4);
    } else if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        endpoint.size = sizeof v6;
        std::memcpy(&endpoint.address, &v6, sizeof v6);
    }
    return endpoint;
}

struct Advice {
    int error_number;
    std::string_view text;
};

constexpr Advice advices[]{
    {EADDRINUSE, "stop the program that listens there, or set listen.port to another"},
    {EACCES, "start as root, or set listen.port to 1024 or above"},
    {EADDRNOTAVAIL, "set listen.address to an address of this host, or to ::"},
    {EAFNOSUPPORT,
     "this host has no IPv6: set listen.address to 0.0.0.0 or to an IPv4 address of this host"},
};

core::Error explain(int error_number, std::string_view action, const std::string& address,
                    std::uint16_t port) {
    const bool v6 = address.find(':') != std::string::npos;
    const std::string object = (v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
    core::Error error = core::system_error(error_number, action, object);
    for (const Advice& advice : advices) {
        if (advice.error_number == error_number) {
            error.message.append("; ").append(advice.text);
        }
    }
    return error;
}

/// Sets errno on failure.
FileDescriptor bind_endpoint(const Endpoint& endpoint, bool both_families) {
    const int family = endpoint.address.ss_family;
    FileDescriptor socket(
        ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!socket) {
        return {};
    }
    const int on = 1;
    const int v6_only = both_families ? 0 : 1;
    sockaddr_storage address = endpoint.address;
    if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (family == AF_INET6 &&
         ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) != 0) ||
        ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), endpoint.size) != 0) {
        const int error_number = errno;
        socket.reset();
        errno = error_number;
    }
    return socket;
}

}  // namespace

core::Result<FileDescriptor> bind_listener(const std::string& address, std::uint16_t port) {
    const Endpoint wanted = parse(address, port);
    if (wanted.size == 0) {
        return core::Error{core::Errc::malformed,
                           "listen.address \"" + address +
                               "\" is not an IP address: give an IPv4 or IPv6 literal, or :: "
                               "for both families"};
    }
    const bool any = address == "::";
    FileDescriptor socket = bind_endpoint(wanted, any);
    // ipv6.disable=1 removes the family; a sysctl or a container may remove only its addresses.
    if (!socket && any && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        socket = bind_endpoint(parse("0.0.0.0", port), false);
    }
    if (!socket) {
        return explain(errno, "cannot listen on", address, port);
    }
    return socket;
}

core::Result<void> listen_on(int bound) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(bound, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0) {
        return {};
    }
    if (::listen(bound, SOMAXCONN) != 0) {
        return core::system_error(errno, "cannot listen on", name_of(bound));
    }
    return {};
}

std::string name_of(int bound) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getsockname(bound, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), size, host.data(), host.size(),
                      port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return "an unknown address";
    }
    const std::string name = host.data();
    return (address.ss_family == AF_INET6 ? "[" + name + "]" : name) + ":" + port.data();
}

}  // namespace agent
