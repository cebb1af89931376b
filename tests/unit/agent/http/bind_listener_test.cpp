// SPDX-License-Identifier: Apache-2.0
#include "agent/http/bind_listener.hpp"

#include <gmock/gmock.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace agent {
namespace {

using testing::HasSubstr;

struct Bound {
    int family = 0;
    std::uint16_t port = 0;
};

Bound bound_to(const FileDescriptor& socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const bool v6 = address.ss_family == AF_INET6;
    return {address.ss_family, ntohs(v6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                        : reinterpret_cast<sockaddr_in*>(&address)->sin_port)};
}

bool accepts_ipv4(const FileDescriptor& listener, std::uint16_t port) {
    ::listen(listener.get(), 1);
    const FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

TEST(BindListener, TakesBothFamiliesWithTwoColons) {
    const auto socket = bind_listener("::", 0);
    ASSERT_TRUE(socket) << socket.error().message;
    EXPECT_TRUE(accepts_ipv4(*socket, bound_to(*socket).port));
}

TEST(BindListener, TheSocketIsNonBlockingAndCloseOnExec) {
    const auto socket = bind_listener("127.0.0.1", 0);
    ASSERT_TRUE(socket) << socket.error().message;
    EXPECT_TRUE(::fcntl(socket->get(), F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(::fcntl(socket->get(), F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(bound_to(*socket).family, AF_INET);
}

TEST(BindListener, APortInUseIsNamedWithWhatToDo) {
    const auto first = bind_listener("127.0.0.1", 0);
    ASSERT_TRUE(first);
    ::listen(first->get(), 1);
    const std::uint16_t port = bound_to(*first).port;
    const auto second = bind_listener("127.0.0.1", port);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message,
              "cannot listen on 127.0.0.1:" + std::to_string(port) +
                  ": Address already in use; stop the program that listens there, or set "
                  "listen.port to another");
}

TEST(BindListener, AnAddressThatIsNotThisHostsIsNamedWithWhatToDo) {
    const auto socket = bind_listener("192.0.2.1", 8025);
    ASSERT_FALSE(socket);
    EXPECT_THAT(socket.error().message,
                HasSubstr("192.0.2.1:8025: Cannot assign requested address; set listen.address"));
}

TEST(BindListener, ANameIsNoAddress) {
    for (const char* address : {"localhost", "", "1.2.3", "[::]", "::/0"}) {
        const auto socket = bind_listener(address, 8025);
        ASSERT_FALSE(socket) << address;
        EXPECT_EQ(socket.error().code, core::Errc::malformed);
        EXPECT_THAT(socket.error().message,
                    HasSubstr("listen.address \"" + std::string(address) + "\" is not an IP"));
    }
}

/// From here on this process lives on a host without IPv6: socket(AF_INET6) is EAFNOSUPPORT, as
/// with ipv6.disable=1.
bool take_ipv6_away() {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{sizeof program / sizeof program[0], program};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST(BindListener, OnAHostWithoutIpv6TwoColonsMeanIpv4Alone) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        if (!take_ipv6_away()) {
            ::_exit(2);
        }
        const auto any = bind_listener("::", 0);
        const auto explicit_v6 = bind_listener("::1", 0);
        const bool named =
            !explicit_v6 && explicit_v6.error().message.find("has no IPv6") != std::string::npos;
        ::_exit(any && bound_to(*any).family == AF_INET && named ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace agent
