// SPDX-License-Identifier: Apache-2.0
#include "systemd/listen_fds.hpp"

#include <systemd/sd-daemon.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace systemd {
namespace {

int option(int descriptor, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

struct Word {
    int number;
    std::string_view text;
};

constexpr Word families[]{
    {AF_INET, "an IPv4"}, {AF_INET6, "an IPv6"}, {AF_UNIX, "a Unix"}, {AF_NETLINK, "a netlink"}};
constexpr Word types[]{{SOCK_STREAM, "stream"},
                       {SOCK_DGRAM, "datagram"},
                       {SOCK_SEQPACKET, "sequential packet"},
                       {SOCK_RAW, "raw"}};

template <std::size_t size>
std::string word(const Word (&words)[size], int number, std::string_view otherwise) {
    for (const Word& word : words) {
        if (word.number == number) {
            return std::string(word.text);
        }
    }
    return std::string(otherwise);
}

std::string describe(int descriptor) {
    const int type = option(descriptor, SO_TYPE);
    if (type < 0) {
        return errno == EBADF ? "is not open" : "is no socket";
    }
    return "is " + word(families, option(descriptor, SO_DOMAIN), "an unknown") + " " +
           word(types, type, "unknown") + " socket" +
           (option(descriptor, SO_ACCEPTCONN) > 0 ? "" : " that does not listen");
}

bool listens_for_tcp(int descriptor) {
    constexpr int listening = 1;
    constexpr int any_port = 0;
    const int protocol = option(descriptor, SO_PROTOCOL);
    return sd_is_socket_inet(descriptor, AF_UNSPEC, SOCK_STREAM, listening, any_port) > 0 &&
           (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

/// The socket unit may say NonBlocking= or not; both ways accept(2) must not wait.
bool prepare(int descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    return flags >= 0 && ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 &&
           ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

std::string refusal(int descriptor, const char* name) {
    return "the service manager passed descriptor " + std::to_string(descriptor) +
           (name == nullptr ? "" : " (\"" + std::string(name) + "\")") + ", which " +
           describe(descriptor) +
           "; only listening TCP sockets are of use: in the socket unit give ListenStream= a port, "
           "or an IP address "
           "and a port";
}

}  // namespace

PassedSockets take_passed_sockets() {
    PassedSockets passed;
    constexpr int forget_environment = 1;
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(forget_environment, &names);
    if (count < 0) {
        passed.refused.push_back(
            std::string("the sockets that the service manager passed cannot be used: ") +
            std::strerror(-count));
    }
    for (int i = 0; i < count; ++i) {
        const int descriptor = SD_LISTEN_FDS_START + i;
        if (listens_for_tcp(descriptor) && prepare(descriptor)) {
            passed.listening.push_back(descriptor);
        } else {
            passed.refused.push_back(refusal(descriptor, names == nullptr ? nullptr : names[i]));
            ::close(descriptor);
        }
    }
    for (int i = 0; names != nullptr && names[i] != nullptr; ++i) {
        std::free(names[i]);
    }
    std::free(names);
    return passed;
}

}  // namespace systemd
