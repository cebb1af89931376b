// SPDX-License-Identifier: Apache-2.0
// Each limit of HttpLimits, tripped.
#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/resource.h>

#include <vector>

#include "unit/agent/http/http_world.hpp"

namespace agent {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

TEST(HttpLimits, HeaderBytesAreAnswered431) {
    HttpLimits limits;
    limits.header_bytes = 512;
    HttpWorld world(limits);
    RawClient whole = world.connect();
    whole.send("GET /health HTTP/1.1\r\nX: " + std::string(600, 'x') + "\r\n\r\n");
    RawClient endless = world.connect();
    endless.send("GET /health HTTP/1.1\r\nX: " + std::string(100'000, 'x'));
    ASSERT_TRUE(world.until([&] { return whole.ended() && endless.ended(); }));
    EXPECT_THAT(whole.received(), StartsWith("HTTP/1.1 431 "));
    EXPECT_THAT(endless.received(), StartsWith("HTTP/1.1 431 "));
    EXPECT_TRUE(endless.ended_cleanly()) << "the connection was reset";
    const std::pair<std::string, int> key{"other", 431};
    EXPECT_EQ(world.counts[key], 2);
}

TEST(HttpLimits, AHeaderBegunAndNotFinishedInTimeIsAnswered408) {
    HttpLimits limits;
    limits.header_time = milliseconds(60);
    HttpWorld world(limits);
    RawClient client = world.connect();
    client.send("GET /health HTTP/1.1\r\nHost: slo");
    ASSERT_TRUE(world.until([&] { return client.ended_cleanly(); }));
    EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 408 "));
}

TEST(HttpLimits, TricklingBytesDoesNotBuyTime) {
    HttpLimits limits;
    limits.header_time = milliseconds(100);
    limits.header_bytes = 1 << 20;
    HttpWorld world(limits);
    RawClient client = world.connect();
    client.send("GET /health HTTP/1.1\r\nX: ");
    EXPECT_TRUE(world.until([&] {
        client.send("x");
        return client.got("HTTP/1.1 408 ");
    }));
}

TEST(HttpLimits, ASecondRequestHasTheHeaderTimeTooAndNotTheIdleTime) {
    HttpLimits limits;
    limits.header_time = milliseconds(60);
    HttpWorld world(limits);
    RawClient client = world.connect();
    client.send("GET /health HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return client.got("health fine"); }));
    client.send("GET /hea");
    EXPECT_TRUE(world.until([&] { return client.got("HTTP/1.1 408 "); }));
}

TEST(HttpLimits, ASilentClientIsClosedWithoutAWord) {
    HttpLimits limits;
    limits.header_time = milliseconds(60);
    HttpWorld world(limits);
    RawClient client = world.connect();
    ASSERT_TRUE(world.until([&] { return client.ended_cleanly(); }));
    EXPECT_EQ(client.received(), "");
    EXPECT_TRUE(world.counts.empty());
}

TEST(HttpLimits, AnIdleConnectionIsClosedWithoutAWord) {
    HttpLimits limits;
    limits.idle_time = milliseconds(60);
    HttpWorld world(limits);
    RawClient client = world.connect();
    client.send("GET /health HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return client.got("health fine"); }));
    client.forget();
    ASSERT_TRUE(world.until([&] { return client.ended_cleanly(); }));
    EXPECT_EQ(client.received(), "");
}

TEST(HttpLimits, AClientThatNeverReadsIsClosed) {
    HttpLimits limits;
    limits.write_time = milliseconds(80);
    HttpWorld world(limits);
    PublishedAnswers answers = make_test_answers(200, "fine");
    answers.health.compact =
        PreparedResponse(200, content_type::health, std::string(16 << 20, 'x'));
    world.routes.publish(std::move(answers));
    RawClient client = world.connect(4096);
    client.send("GET /health HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 1; }));
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 0; }));
    EXPECT_TRUE(world.until([&] { return client.ended(); }));
    EXPECT_LT(client.received().size(), std::size_t{16} << 20);
}

TEST(HttpLimits, ASlowReaderGetsALongAnswerWhole) {
    HttpWorld world;
    PublishedAnswers answers = make_test_answers(200, "fine");
    answers.health.compact =
        PreparedResponse(200, content_type::health, std::string(16 << 20, 'x') + "the end");
    world.routes.publish(std::move(answers));
    RawClient client = world.connect(4096);
    client.send("GET /health HTTP/1.1\r\n\r\n");
    world.settle();
    world.routes.publish(make_test_answers(503, "another board"));
    EXPECT_TRUE(world.until([&] { return client.received().ends_with("xthe end"); }));
    client.send("GET /readyz HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(world.until([&] { return client.got("ready another board"); }));
}

TEST(HttpLimits, AClientThatNeitherReadsNorEndsIsLeftAfterTheLingerTime) {
    HttpLimits limits;
    limits.linger_time = milliseconds(60);
    HttpWorld world(limits);
    RawClient client = world.connect();
    client.send("GET /health HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return client.ended_cleanly(); }));
    EXPECT_EQ(world.listener->connections(), 1u);
    EXPECT_TRUE(world.until([&] {
        client.send("and more, and more");
        return world.listener->connections() == 0;
    }));
}

TEST(HttpLimits, OverTheConnectionLimitTheOneThatHasWaitedLongestGoesAndTheNewOneIsAnswered) {
    HttpLimits limits;
    limits.connections = 3;
    HttpWorld world(limits);
    const auto later = [&world] {  // waiting times are compared in milliseconds
        const core::BootTime from = now().boot;
        EXPECT_TRUE(world.until([&] { return now().boot > from; }));
    };
    RawClient kept = world.connect();
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 1; }));
    later();
    RawClient silent = world.connect();
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 2; }));
    later();
    kept.send("GET /livez HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return kept.got("pass"); }));
    RawClient slow = world.connect();
    slow.send("GET /hea");
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 3; }));
    world.settle();
    later();
    EXPECT_FALSE(silent.ended());
    RawClient checker = world.connect();
    checker.send("GET /health HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(world.until([&] { return checker.got("health fine"); }));
    EXPECT_TRUE(silent.ended_cleanly());
    EXPECT_FALSE(kept.ended());
    EXPECT_FALSE(slow.ended());
    EXPECT_EQ(world.listener->connections(), 3u);
}

TEST(HttpLimits, OverTheLimitOfASourceOnlyThatSourceLosesAConnection) {
    HttpLimits limits;
    limits.connections_per_source = 2;
    HttpWorld world(limits);
    RawClient other = world.connect_from(2);
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 1; }));
    RawClient first = world.connect_from(3);
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 2; }));
    RawClient second = world.connect_from(3);
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 3; }));
    RawClient third = world.connect_from(3);
    ASSERT_TRUE(world.until([&] { return first.ended_cleanly(); }));
    EXPECT_EQ(world.listener->connections(), 3U);
    EXPECT_FALSE(other.ended() || second.ended() || third.ended());
    EXPECT_EQ(world.evicted, (std::map<Eviction, int>{{Eviction::source, 1}}));
}

TEST(HttpLimits, ARequestThatCameWithItsConnectionIsAnsweredBeforeThatConnectionCanBeEvicted) {
    HttpLimits limits;
    limits.connections_per_source = 1;
    HttpWorld world(limits);
    RawClient checker = world.connect();
    checker.send("GET /health HTTP/1.1\r\n\r\n");
    const RawClient next = world.connect();
    const RawClient last = world.connect();
    EXPECT_TRUE(world.until([&] { return checker.ended_cleanly(); }));
    EXPECT_TRUE(checker.got("health fine"));
}

TEST(HttpLimits, AConnectionThatHasItsLastAnswerIsEvictedBeforeOneThatStillWaits) {
    HttpLimits limits;
    limits.connections_per_source = 2;
    HttpWorld world(limits);
    RawClient late = world.connect();
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 1; }));
    for (int i = 0; i < 3; ++i) {  // each still has its side open when the next comes
        RawClient answered = world.connect();
        answered.send("GET /health HTTP/1.0\r\n\r\n");
        ASSERT_TRUE(world.until([&] { return answered.got("health fine"); }));
        RawClient next = world.connect();
        next.send("GET /health HTTP/1.0\r\n\r\n");
        ASSERT_TRUE(world.until([&] { return next.got("health fine"); }));
        EXPECT_TRUE(answered.ended_cleanly());
    }
    late.send("GET /health HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(world.until([&] { return late.got("health fine"); }));
    EXPECT_FALSE(late.ended());
    EXPECT_GE(world.evicted[Eviction::source], 3);
}

TEST(HttpLimits, OverTheConnectionLimitTheSourceWithTheMostLosesOne) {
    HttpLimits limits;
    limits.connections = 4;
    HttpWorld world(limits);
    RawClient checker = world.connect_from(2);  // has waited longest
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 1; }));
    std::vector<std::unique_ptr<RawClient>> many;
    for (std::size_t i = 0; i < 3; ++i) {
        many.push_back(std::make_unique<RawClient>(world.port, 0, 3));
        ASSERT_TRUE(world.until([&] { return world.listener->connections() == 2 + i; }));
    }
    RawClient next = world.connect_from(4);
    ASSERT_TRUE(world.until([&] { return many.front()->ended_cleanly(); }));
    EXPECT_FALSE(checker.ended() || next.ended() || many[1]->ended() || many[2]->ended());
    EXPECT_EQ(world.evicted, (std::map<Eviction, int>{{Eviction::total, 1}}));
}

TEST(HttpLimits, ASourceIsAnAddressOrAnIpv6Network) {
    const auto source = [](const char* address) {
        return source_of(boost::asio::ip::make_address(address)).to_string();
    };
    EXPECT_EQ(source("10.0.1.2"), "10.0.1.2");
    EXPECT_EQ(source("::ffff:10.0.1.2"), "10.0.1.2");
    EXPECT_EQ(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    EXPECT_NE(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
}

TEST(HttpLimits, TheLastRequestOfAConnectionIsAnsweredWithClose) {
    HttpLimits limits;
    limits.requests = 2;
    HttpWorld world(limits);
    RawClient client = world.connect();
    client.send("GET /health HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return client.got("health fine"); }));
    EXPECT_TRUE(client.got("Connection: keep-alive"));
    client.send("GET /readyz HTTP/1.1\r\n\r\nGET /livez HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return client.ended_cleanly(); }));
    EXPECT_THAT(client.received(), HasSubstr("Connection: close\r\n\r\nready fine"));
    EXPECT_FALSE(client.got("pass"));
}

TEST(HttpLimits, NoMoreConnectionsThanThisAreAcceptedInATurn) {
    HttpLimits limits;
    limits.accepts_in_a_turn = 7;
    HttpWorld world(limits);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<RawClient>(world.port));
    }
    ASSERT_TRUE(world.until([&] { return world.listener->connections() > 0; }));
    EXPECT_EQ(world.listener->connections(), 7U);
    EXPECT_TRUE(world.until([&] { return world.listener->connections() == 20; }));
}

TEST(HttpLimits, ACheckerIsAnsweredHoweverManyStrangersConnectAndSayNothing) {
    HttpLimits limits;
    limits.connections = 8;
    HttpWorld world(limits);
    std::vector<std::unique_ptr<RawClient>> strangers;
    for (int i = 0; i < 100; ++i) {
        strangers.push_back(std::make_unique<RawClient>(world.port));
    }
    EXPECT_THAT(world.ask("GET /health HTTP/1.1"), StartsWith("HTTP/1.1 200 "));
    EXPECT_LE(world.listener->connections(), 8u);
}

/// Lets this process open no more descriptors while it lives.
class NoDescriptorsLeft {
   public:
    NoDescriptorsLeft() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const FileDescriptor lowest_free(::fcntl(0, F_DUPFD_CLOEXEC, 0));
        rlimit none = before_;
        none.rlim_cur = static_cast<rlim_t>(lowest_free.get());
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    ~NoDescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
    NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

   private:
    rlimit before_{};
};

TEST(HttpLimits, WithoutADescriptorLeftAcceptingPausesSaysSoOnceAndGoesOn) {
    HttpLimits limits;
    limits.accept_pause = milliseconds(30);
    HttpWorld world(limits);
    RawClient waiting = world.connect();
    waiting.send("GET /health HTTP/1.1\r\n\r\n");
    testing::internal::CaptureStderr();
    int steps = 0;
    {
        const NoDescriptorsLeft none;
        const auto end = std::chrono::steady_clock::now() + milliseconds(200);
        world.until([&] {
            ++steps;
            return std::chrono::steady_clock::now() > end;
        });
    }
    EXPECT_TRUE(world.until([&] { return waiting.got("health fine"); }));
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_THAT(said, HasSubstr("cannot accept a connection: Too many open files"));
    EXPECT_EQ(said.find('\n'), said.size() - 1) << "once: " << said;
    EXPECT_LT(steps, 400) << "no spinning";
}

TEST(HttpLimits, WithoutADescriptorLeftTheConnectionThatWaitedLongestMakesRoom) {
    HttpLimits limits;
    limits.accept_pause = milliseconds(30);
    HttpWorld world(limits);
    RawClient silent = world.connect();
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 1; }));
    RawClient checker = world.connect();
    checker.send("GET /health HTTP/1.1\r\n\r\n");
    testing::internal::CaptureStderr();
    bool answered = false;
    {
        const NoDescriptorsLeft none;
        answered = world.until([&] { return checker.got("health fine"); });
    }
    static_cast<void>(testing::internal::GetCapturedStderr());
    EXPECT_TRUE(answered);
    EXPECT_TRUE(silent.ended());
    EXPECT_EQ(world.evicted, (std::map<Eviction, int>{{Eviction::shortage, 1}}));
}

}  // namespace
}  // namespace agent
