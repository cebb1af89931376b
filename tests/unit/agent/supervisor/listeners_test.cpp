// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/listeners.hpp"

#include "agent/base/clock.hpp"
#include "agent/http/bind_listener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

namespace agent {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

/// Port 0 of the settings is one that is free now.
config::Loaded settings(const std::string& address, std::uint16_t port,
                        const std::string& address_origin, const std::string& port_origin) {
    config::Loaded loaded;
    loaded.settings.listen = {address, port};
    loaded.origins["listen.address"] = address_origin;
    loaded.origins["listen.port"] = port_origin;
    return loaded;
}

config::Loaded defaults() {
    return settings("::", 8025, "default", "default");
}

FileDescriptor listening(const std::string& address, std::uint16_t port = 0) {
    auto socket = bind_listener(address, port);
    EXPECT_TRUE(socket) << socket.error().message;
    EXPECT_TRUE(listen_on(socket->get()));
    return std::move(*socket);
}

std::uint16_t port_of(const FileDescriptor& socket) {
    const std::string name = name_of(socket.get());
    return static_cast<std::uint16_t>(std::stoi(name.substr(name.rfind(':') + 1)));
}

bool listens(const FileDescriptor& socket) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1;
}

template <class... Sockets>
std::vector<FileDescriptor> passed(Sockets... sockets) {
    std::vector<FileDescriptor> all;
    (all.push_back(std::move(sockets)), ...);
    return all;
}

TEST(Listeners, WithoutAPassedSocketTheSettingsAreListenedOn) {
    const Listeners listeners = open_listeners(settings("127.0.0.1", 0, "--set", "--set"), {});
    ASSERT_THAT(listeners.sockets, SizeIs(1));
    EXPECT_THAT(name_of(listeners.sockets[0].get()), StartsWith("127.0.0.1:"));
    EXPECT_TRUE(listens(listeners.sockets[0]));
    EXPECT_EQ(listeners.warning + listeners.unbound, "");
}

TEST(Listeners, DefaultsAgreeWithAnyPassedSocket) {
    const Listeners listeners =
        open_listeners(defaults(), passed(listening("127.0.0.1"), listening("::1")));
    EXPECT_THAT(listeners.sockets, SizeIs(2));
    EXPECT_EQ(listeners.warning + listeners.unbound, "");
}

TEST(Listeners, TheSameEndpointIsNotBoundTwice) {
    FileDescriptor one = listening("127.0.0.1");
    const std::uint16_t port = port_of(one);
    const Listeners listeners = open_listeners(
        settings("127.0.0.1", port, "agent.json:1", "agent.json:1"), passed(std::move(one)));
    EXPECT_THAT(listeners.sockets, SizeIs(1));
    EXPECT_EQ(listeners.warning + listeners.unbound, "");
}

TEST(Listeners, OneOfSeveralIsEnough) {
    FileDescriptor one = listening("127.0.0.1");
    const std::uint16_t port = port_of(one);
    const Listeners listeners = open_listeners(settings("::", port, "default", "agent.json:1"),
                                               passed(listening("127.0.0.1"), std::move(one)));
    EXPECT_THAT(listeners.sockets, SizeIs(2));
    EXPECT_EQ(listeners.warning, "");
}

TEST(Listeners, BothFamiliesMayBeTwoSockets) {
    FileDescriptor v4 = listening("0.0.0.0");
    const std::uint16_t port = port_of(v4);
    // bind_listener() makes "::" both families; a socket unit with BindIPv6Only=ipv6-only does not.
    FileDescriptor v6(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(v6.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    any.sin6_port = htons(port);
    ASSERT_EQ(::bind(v6.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
    ASSERT_TRUE(listen_on(v6.get()));
    const Listeners listeners = open_listeners(settings("::", port, "agent.json:1", "agent.json:1"),
                                               passed(std::move(v4), std::move(v6)));
    EXPECT_THAT(listeners.sockets, SizeIs(2));
    EXPECT_EQ(listeners.warning + listeners.unbound, "");
}

TEST(Listeners, APortThatTheSocketUnitDoesNotHaveIsListenedOnBesideIt) {
    FileDescriptor free = listening("127.0.0.1");
    const std::uint16_t wanted = port_of(free);
    free.reset();
    FileDescriptor one = listening("127.0.0.1");
    const std::string name = name_of(one.get());
    const Listeners listeners = open_listeners(
        settings("127.0.0.1", wanted, "default", "agent.json:3"), passed(std::move(one)));
    ASSERT_THAT(listeners.sockets, SizeIs(2));
    EXPECT_EQ(port_of(listeners.sockets[1]), wanted);
    EXPECT_EQ(listeners.unbound, "");
    EXPECT_EQ(
        listeners.warning,
        "listen.address and listen.port say 127.0.0.1:" + std::to_string(wanted) +
            ", but the socket unit says " + name +
            "; listening on both; to mend it: systemctl edit postfix-elb-agent.socket, and in "
            "[Socket] an empty ListenStream= and then ListenStream=127.0.0.1:" +
            std::to_string(wanted));
}

TEST(Listeners, AnAddressThatThePassedSocketTakesTooIsSaidAndNotBound) {
    FileDescriptor any = listening("::");
    const std::uint16_t port = port_of(any);
    const Listeners listeners = open_listeners(
        settings("127.0.0.1", port, "agent.json:3", "default"), passed(std::move(any)));
    EXPECT_THAT(listeners.sockets, SizeIs(1));
    EXPECT_EQ(listeners.unbound, "");
    EXPECT_THAT(listeners.warning,
                AllOf(HasSubstr("say 127.0.0.1:"), HasSubstr("socket unit says [::]:"),
                      HasSubstr("listening where the socket unit says;")));
}

TEST(Listeners, BothFamiliesAreAPortAloneInTheSocketUnit) {
    FileDescriptor one = listening("127.0.0.1");
    const std::uint16_t port = port_of(one);
    const Listeners listeners = open_listeners(settings("::", port, "agent.json:3", "agent.json:4"),
                                               passed(std::move(one)));
    EXPECT_THAT(listeners.sockets, SizeIs(1));
    EXPECT_THAT(listeners.warning, EndsWith(" ListenStream=" + std::to_string(port)));
}

TEST(Listeners, ATakenPortIsReportedAndPassedSocketsStay) {
    const FileDescriptor theirs = listening("127.0.0.1");
    const std::uint16_t port = port_of(theirs);
    const Listeners listeners =
        open_listeners(settings("127.0.0.1", port, "agent.json:3", "agent.json:4"),
                       passed(listening("127.0.0.1")));
    EXPECT_THAT(listeners.sockets, SizeIs(1));
    EXPECT_THAT(listeners.unbound,
                HasSubstr("Address already in use; stop the program that listens there"));
    EXPECT_THAT(listeners.warning, HasSubstr("listening where the socket unit says for now"));
}

TEST(PendingListener, TriesAgainUntilThePortIsFreeAndSaysAnErrorOnce) {
    FileDescriptor theirs = listening("127.0.0.1");
    const std::uint16_t port = port_of(theirs);
    const Listeners listeners = open_listeners(settings("127.0.0.1", port, "--set", "--set"), {});
    PendingListener pending({"127.0.0.1", port}, listeners.unbound);
    ASSERT_TRUE(pending.due());
    const core::BootTime first = *pending.due();
    EXPECT_GT(first, now().boot);
    testing::internal::CaptureStderr();
    EXPECT_FALSE(pending.attempt(first));
    EXPECT_GT(*pending.due(), first);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "it was said when it began";
    EXPECT_EQ(pending.error(), listeners.unbound);
    theirs.reset();
    const FileDescriptor socket = pending.attempt(*pending.due());
    ASSERT_TRUE(socket);
    EXPECT_TRUE(listens(socket));
    EXPECT_TRUE(pending.due()) << "until it is in good hands";
    pending.done();
    EXPECT_FALSE(pending.due());
    EXPECT_EQ(pending.error(), "");
}

TEST(PendingListener, AnotherErrorIsSaid) {
    PendingListener pending({"192.0.2.1", 8025},
                            "cannot listen on 192.0.2.1:8025: Address already in use");
    testing::internal::CaptureStderr();
    EXPECT_FALSE(pending.attempt(now().boot));
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                HasSubstr("Cannot assign requested address; set listen.address"));
}

TEST(PendingListener, WithoutAnErrorThereIsNothingToTry) {
    EXPECT_FALSE(PendingListener({"127.0.0.1", 8025}, "").due());
    EXPECT_FALSE(PendingListener().due());
}

}  // namespace
}  // namespace agent
