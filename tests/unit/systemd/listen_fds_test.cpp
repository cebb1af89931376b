// SPDX-License-Identifier: Apache-2.0
// What a service manager passes; a child of the test plays the program, so that the
// test decides on the descriptors from 3 on.
#include "systemd/listen_fds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Runs `body` in a child; a failed expectation there fails the test.
void in_a_child(const std::function<void()>& body) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        for (int descriptor = 3; descriptor < 64; ++descriptor) {
            ::close(descriptor);
        }
        body();
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "see above";
}

void announce(int count, const char* names, pid_t to = ::getpid()) {
    ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
    ::setenv("LISTEN_PID", std::to_string(to).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names, 1);
}

int bound(int family, int type) {
    const int made = ::socket(family, type, 0);
    sockaddr_storage any{};
    any.ss_family = static_cast<sa_family_t>(family);
    EXPECT_EQ(::bind(made, reinterpret_cast<sockaddr*>(&any),
                     family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)),
              0);
    return made;
}

int listening(int family) {
    const int made = bound(family, SOCK_STREAM);
    EXPECT_EQ(::listen(made, 5), 0);
    return made;
}

TEST(ListenFds, WithoutPassedSocketsNothingIsTaken) {
    in_a_child([] {
        const systemd::PassedSockets passed = systemd::take_passed_sockets();
        EXPECT_THAT(passed.listening, IsEmpty());
        EXPECT_THAT(passed.refused, IsEmpty());
    });
}

TEST(ListenFds, SocketsOfBothFamiliesBecomeNonBlockingAndCloseOnExec) {
    in_a_child([] {
        EXPECT_EQ(listening(AF_INET), 3);
        EXPECT_EQ(listening(AF_INET6), 4);
        announce(2, "one:two");
        const systemd::PassedSockets passed = systemd::take_passed_sockets();
        EXPECT_THAT(passed.listening, ElementsAre(3, 4));
        EXPECT_THAT(passed.refused, IsEmpty());
        for (const int descriptor : {3, 4}) {
            EXPECT_TRUE(::fcntl(descriptor, F_GETFL) & O_NONBLOCK);
            EXPECT_TRUE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
        }
        for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) {
            EXPECT_EQ(::getenv(name), nullptr) << name;
        }
    });
}

TEST(ListenFds, SocketsPassedToAnotherProcessAreNotTouched) {
    in_a_child([] {
        EXPECT_EQ(listening(AF_INET), 3);
        announce(1, "theirs", ::getppid());
        EXPECT_THAT(systemd::take_passed_sockets().listening, IsEmpty());
        EXPECT_EQ(::getenv("LISTEN_FDS"), nullptr);
        EXPECT_GE(::fcntl(3, F_GETFD), 0);
    });
}

TEST(ListenFds, OtherDescriptorsThanListeningTcpSocketsAreNamedAndClosed) {
    in_a_child([] {
        EXPECT_EQ(bound(AF_INET, SOCK_DGRAM), 3);
        EXPECT_EQ(bound(AF_INET6, SOCK_STREAM), 4);
        EXPECT_EQ(::socket(AF_UNIX, SOCK_SEQPACKET, 0), 5);
        EXPECT_EQ(::open("/dev/null", O_RDONLY), 6);
        EXPECT_EQ(listening(AF_INET), 7);
        announce(5, "udp:idle:unix:file:web");
        const systemd::PassedSockets passed = systemd::take_passed_sockets();
        EXPECT_THAT(passed.listening, ElementsAre(7));
        ASSERT_THAT(passed.refused, SizeIs(4));
        EXPECT_EQ(passed.refused[0],
                  "the service manager passed descriptor 3 (\"udp\"), which is an IPv4 datagram "
                  "socket that does not "
                  "listen; only listening TCP sockets are of use: in the socket unit give "
                  "ListenStream= a port, or an "
                  "IP address and a port");
        EXPECT_THAT(
            passed.refused[1],
            HasSubstr("4 (\"idle\"), which is an IPv6 stream socket that does not listen;"));
        EXPECT_THAT(passed.refused[2],
                    HasSubstr("5 (\"unix\"), which is a Unix sequential packet socket"));
        EXPECT_THAT(passed.refused[3], HasSubstr("6 (\"file\"), which is no socket;"));
        for (const int descriptor : {3, 4, 5, 6}) {
            EXPECT_LT(::fcntl(descriptor, F_GETFD), 0) << descriptor;
        }
    });
}

}  // namespace
