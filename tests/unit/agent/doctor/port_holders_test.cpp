// SPDX-License-Identifier: Apache-2.0
// Uses a port of the test process itself.
#include "agent/doctor/port_holders.hpp"

#include "agent/base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace {

std::uint16_t port_of(int socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
    return ntohs(address.sin_port);
}

TEST(PortHolders, AListenerIsFoundUntilItCloses) {
    agent::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(socket.get(), 1), 0);
    const std::uint16_t port = port_of(socket.get());

    const auto held = agent::port_holders(port);
    ASSERT_TRUE(held) << held.error().message;
    EXPECT_TRUE(held->taken);
    const auto self = std::ranges::find(held->holders, ::getpid(), &core::PortFacts::Holder::pid);
    ASSERT_NE(self, held->holders.end());
    EXPECT_FALSE(self->program.empty());

    socket = agent::FileDescriptor();
    const auto free = agent::port_holders(port);
    ASSERT_TRUE(free) << free.error().message;
    EXPECT_FALSE(free->taken);
}

}  // namespace
