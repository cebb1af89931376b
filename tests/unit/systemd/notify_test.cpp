// SPDX-License-Identifier: Apache-2.0
// What a service manager receives; here it is a socket of the test.
#include "systemd/notify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

#include "unit/temporary_directory.hpp"

namespace {

using testing::EndsWith;
using testing::SizeIs;
using testing::StartsWith;

class Notify : public testing::Test {
   protected:
    void SetUp() override {
        const std::string path = directory_ / "notify";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ASSERT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    void TearDown() override {
        ::unsetenv("NOTIFY_SOCKET");
        ::close(socket_);
    }
    [[nodiscard]] std::string received() const {
        std::array<char, 8192> buffer;
        const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        return got < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(got));
    }

    tests::TemporaryDirectory directory_;
    int socket_ = -1;
};

TEST_F(Notify, AStatusIsOneAssignmentForAnyText) {
    systemd::notify_status("health pass\nMAINPID=1\r\x7f\x01\xc3\xa4 end");
    EXPECT_EQ(received(), "STATUS=health pass?MAINPID=1????? end");
    systemd::notify_status(std::string("a\0FDSTORE=1", 11));
    EXPECT_EQ(received(), "STATUS=a?FDSTORE=1");
}

TEST_F(Notify, ALongStatusIsCut) {
    systemd::notify_status(std::string(100'000, 'x'));
    const std::string text = received();
    EXPECT_THAT(text, StartsWith("STATUS=xxx"));
    EXPECT_THAT(text, EndsWith("x..."));
    EXPECT_THAT(text, SizeIs(testing::Lt(1100U)));
}

TEST_F(Notify, AStopExtendsTheTimeout) {
    systemd::notify_stopping(std::chrono::seconds(75));
    EXPECT_EQ(received(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=75000000");
}

}  // namespace
