// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/listeners.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/http/bind_listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace agent {
namespace {

constexpr std::chrono::seconds try_again_after{2};

/// What a socket takes connections for.
struct Place {
    bool v4 = false;
    bool v6 = false;
    std::string address;  ///< in network order; empty: any
    std::uint16_t port = 0;

    [[nodiscard]] bool any() const { return address.empty(); }
};

template <class Address>
std::string bytes_unless_any(const Address& address) {
    std::string bytes(reinterpret_cast<const char*>(&address), sizeof address);
    return bytes == std::string(sizeof address, '\0') ? std::string() : bytes;
}

Place place_of(int bound) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Place place;
    if (::getsockname(bound, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        return place;
    }
    if (address.ss_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        return {true, false, bytes_unless_any(v4.sin_addr), ntohs(v4.sin_port)};
    }
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    place = {false, true, bytes_unless_any(v6.sin6_addr), ntohs(v6.sin6_port)};
    int v6_only = 1;
    size = sizeof v6_only;
    ::getsockopt(bound, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, &size);
    place.v4 = place.any() && v6_only == 0;
    return place;
}

Place place_of(const core::Settings::Listen& listen) {
    in_addr v4{};
    in6_addr v6{};
    if (::inet_pton(AF_INET, listen.address.c_str(), &v4) == 1) {
        return {true, false, bytes_unless_any(v4), listen.port};
    }
    ::inet_pton(AF_INET6, listen.address.c_str(), &v6);
    Place place{false, true, bytes_unless_any(v6), listen.port};
    place.v4 = place.any();
    return place;
}

/// The kernel would not let both be bound.
bool overlap(const Place& a, const Place& b) {
    const bool share_a_family = (a.v4 && b.v4) || (a.v6 && b.v6);
    return a.port == b.port && share_a_family && (a.any() || b.any() || a.address == b.address);
}

/// Both families may be one socket or two (BindIPv6Only=).
bool is_exactly(const std::vector<Place>& places, const Place& wanted) {
    bool v4 = false;
    bool v6 = false;
    for (const Place& place : places) {
        if (place.address == wanted.address) {
            v4 = v4 || place.v4;
            v6 = v6 || place.v6;
        }
    }
    return v4 == wanted.v4 && v6 == wanted.v6;
}

bool is_default(const config::Loaded& loaded, std::string_view key) {
    const auto origin = loaded.origins.find(key);
    return origin == loaded.origins.end() || origin->second == "default";
}

bool agree(const config::Loaded& loaded, std::vector<Place> passed, const Place& wanted) {
    if (!is_default(loaded, "listen.port")) {
        const auto elsewhere = [&wanted](const Place& place) { return place.port != wanted.port; };
        passed.erase(std::remove_if(passed.begin(), passed.end(), elsewhere), passed.end());
    }
    return is_default(loaded, "listen.address") ? !passed.empty() : is_exactly(passed, wanted);
}

std::string endpoint(const core::Settings::Listen& listen) {
    const bool v6 = listen.address.find(':') != std::string::npos;
    return (v6 ? "[" + listen.address + "]:" : listen.address + ":") + std::to_string(listen.port);
}

std::string disagreement(const core::Settings::Listen& listen,
                         const std::vector<FileDescriptor>& passed, std::string_view outcome) {
    const std::string stream =
        listen.address == "::" ? std::to_string(listen.port) : endpoint(listen);
    return "listen.address and listen.port say " + endpoint(listen) +
           ", but the socket unit says " + names_of(passed) + "; " + std::string(outcome) +
           "; to mend it: systemctl edit postfix-elb-agent.socket, and in [Socket] an empty "
           "ListenStream= and then "
           "ListenStream=" +
           stream;
}

/// bind(2) alone would succeed beside a socket that is bound and about to listen.
core::Result<FileDescriptor> bind_and_listen(const core::Settings::Listen& listen) {
    auto bound = bind_listener(listen.address, listen.port);
    if (bound) {
        if (const auto listens = listen_on(bound->get()); !listens) {
            return listens.error();
        }
    }
    return bound;
}

}  // namespace

std::string names_of(const std::vector<FileDescriptor>& sockets) {
    std::string names;
    for (const FileDescriptor& socket : sockets) {
        names.append(names.empty() ? "" : ", ").append(name_of(socket.get()));
    }
    return names.empty() ? "nothing yet" : names;
}

Listeners open_listeners(const config::Loaded& loaded, std::vector<FileDescriptor> passed) {
    Listeners listeners{std::move(passed), "", ""};
    const core::Settings::Listen& listen = loaded.settings.listen;
    const Place wanted = place_of(listen);
    std::vector<Place> places;
    std::transform(listeners.sockets.begin(), listeners.sockets.end(), std::back_inserter(places),
                   [](const FileDescriptor& socket) { return place_of(socket.get()); });
    if (agree(loaded, places, wanted)) {
        return listeners;
    }
    if (std::any_of(places.begin(), places.end(),
                    [&](const Place& place) { return overlap(place, wanted); })) {
        listeners.warning =
            disagreement(listen, listeners.sockets, "listening where the socket unit says");
        return listeners;
    }
    auto bound = bind_and_listen(listen);
    if (!places.empty()) {
        listeners.warning = disagreement(
            listen, listeners.sockets,
            bound ? "listening on both" : "listening where the socket unit says for now");
    }
    if (bound) {
        listeners.sockets.push_back(std::move(*bound));
    } else {
        listeners.unbound = bound.error().message;
    }
    return listeners;
}

PendingListener::PendingListener(core::Settings::Listen wanted, std::string error)
    : wanted_(std::move(wanted)), error_(std::move(error)) {
    if (!error_.empty()) {
        due_ = now().boot + try_again_after;
    }
}

FileDescriptor PendingListener::attempt(core::BootTime now) {
    due_ = now + try_again_after;
    auto bound = bind_and_listen(wanted_);
    if (bound) {
        return std::move(*bound);
    }
    if (std::exchange(error_, bound.error().message) != bound.error().message) {
        log(Priority::error, error_);
    }
    return {};
}

void PendingListener::done() {
    *this = {};
}

}  // namespace agent
