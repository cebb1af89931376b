// SPDX-License-Identifier: Apache-2.0
// What clients get, well-behaved and other.
#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "unit/agent/http/http_world.hpp"

namespace agent {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t number = 0;
    for (std::size_t at = text.find(part); at != std::string::npos;
         at = text.find(part, at + part.size())) {
        ++number;
    }
    return number;
}

HttpCounters no_counters() {
    return {[](Route, int) {}, [](Eviction) {}};
}

TEST(HttpListener, AnswersAHealthCheckerAsLoadBalancersAsk) {
    HttpWorld world;
    const std::string answer =
        world.ask("GET /health HTTP/1.1",
                  "Host: 10.0.0.7:8025\r\nConnection: close\r\n"
                  "User-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nhealth fine"));
}

TEST(HttpListener, EveryStatusComesOverTheWireAndIsCounted) {
    HttpWorld world;
    EXPECT_THAT(world.ask("GET /health HTTP/1.1"), StartsWith("HTTP/1.1 200 "));
    world.routes.publish(make_test_answers(503, "bad"));
    EXPECT_THAT(world.ask("GET /health HTTP/1.1"), StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(world.ask("GET /nowhere HTTP/1.1"), StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(world.ask("POST /health HTTP/1.1"), StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(world.ask("GET nonsense HTTP/1.1"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(world.ask("GET /health HTTP/3.9"), StartsWith("HTTP/1.1 400 "));
    const std::map<std::pair<std::string, int>, int> expected{{{"/health", 200}, 1},
                                                              {{"/health", 503}, 1},
                                                              {{"/health", 405}, 1},
                                                              {{"other", 404}, 1},
                                                              {{"other", 400}, 2}};
    EXPECT_EQ(world.counts, expected);
}

TEST(HttpListener, HeadHasTheLengthOfTheBodyThatIsNotSent) {
    HttpWorld world;
    const std::string answer = world.ask("HEAD /health HTTP/1.1");
    EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 11\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST(HttpListener, AConnectionIsKeptForTheNextRequest) {
    HttpWorld world;
    RawClient client = world.connect();
    for (int i = 0; i < 3; ++i) {
        client.forget();
        client.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
        ASSERT_TRUE(world.until([&] { return client.got("ready fine"); })) << i;
        EXPECT_TRUE(client.got("Connection: keep-alive"));
        EXPECT_FALSE(client.ended());
    }
}

TEST(HttpListener, OneDotNoughtEndsUnlessTheClientAsksToKeepIt) {
    HttpWorld world;
    EXPECT_THAT(world.ask("GET /health HTTP/1.0", ""), HasSubstr("\r\nConnection: close\r\n"));
    RawClient client = world.connect();
    client.send("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return client.got("health fine"); }));
    EXPECT_TRUE(client.got("Connection: keep-alive"));
    client.send("GET /health HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(world.until([&] { return client.ended_cleanly(); }));
}

TEST(HttpListener, PipelinedRequestsAreAnsweredInTheirOrder) {
    HttpWorld world;
    RawClient client = world.connect();
    std::string requests;
    for (int i = 0; i < 200; ++i) {
        requests += "GET /health HTTP/1.1\r\n\r\nGET /readyz HTTP/1.1\r\n\r\n";
    }
    ASSERT_EQ(client.send(requests + "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n"),
              requests.size() + 42);
    ASSERT_TRUE(world.until([&] { return client.ended_cleanly(); }));
    EXPECT_EQ(count(client.received(), "health fine"), 200u);
    EXPECT_EQ(count(client.received(), "ready fine"), 200u);
    EXPECT_LT(client.received().find("health fine"), client.received().find("ready fine"));
    EXPECT_THAT(client.received(), EndsWith("{\"status\":\"pass\"}\n"));
}

TEST(HttpListener, AClientThatPipelinesGetsOneAnswerInATurnOfTheLoop) {
    HttpWorld world;
    RawClient greedy = world.connect();
    RawClient checker = world.connect();
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 2; }));
    world.settle();
    std::string requests;
    for (int i = 0; i < 40; ++i) {
        requests += "GET /livez HTTP/1.1\r\n\r\n";
    }
    greedy.send(requests);
    checker.send("GET /health HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return checker.got("health fine"); }));
    const std::pair<std::string, int> key{"/livez", 200};
    EXPECT_LT(world.counts[key], 10);
    EXPECT_TRUE(world.until([&] { return count(greedy.received(), "pass") == 40; }));
}

TEST(HttpListener, AcceptsAllThatWaitInOneTurnOfTheLoop) {
    HttpLimits limits;
    limits.connections_per_source = limits.connections;
    HttpWorld world(limits);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<RawClient>(world.port));
    }
    ASSERT_TRUE(world.until([&] { return world.listener->connections() > 0; }));
    EXPECT_EQ(world.listener->connections(), 100U);
}

TEST(HttpListener, AProxyHeaderBeforeTheFirstRequestIsSkipped) {
    using namespace std::string_literals;
    const std::string version_2 = "\r\n\r\n\0\r\nQUIT\n"s;
    for (const std::string& header :
         {"PROXY TCP4 10.0.3.7 10.0.1.12 56324 8025\r\n"s, "PROXY UNKNOWN\r\n"s,
          version_2 + "\x20\0\0\0"s, version_2 + "\x20\0\0\x54"s + std::string(84, '\xee'),
          version_2 + "\x21\x11\0\x0c"s + std::string(12, '\n'),
          version_2 + "\x21\0\x10\0"s + std::string(4096, '\0')}) {
        HttpWorld world;
        RawClient whole = world.connect();
        whole.send(header + "GET /health HTTP/1.1\r\n\r\nGET /readyz HTTP/1.1\r\n\r\n");
        EXPECT_TRUE(world.until([&] {
            return whole.got("health fine") && whole.got("ready fine");
        })) << testing::PrintToString(header.substr(0, 120));
        RawClient in_pieces = world.connect();
        for (std::size_t sent = 0; sent < header.size(); sent += 1 + header.size() / 30) {
            in_pieces.send(header.substr(sent, 1 + header.size() / 30));
            world.settle();
        }
        in_pieces.send("GET /health HTTP/1.1\r\n\r\n");
        EXPECT_TRUE(world.until([&] { return in_pieces.got("health fine"); }))
            << testing::PrintToString(header.substr(0, 120));
    }
}

TEST(HttpListener, AMalformedProxyHeaderIsNamedInTheAnswer) {
    HttpWorld world;
    for (const char* bytes : {"PROXY TCP4 10.0.3.7 10.0.1.12 56324\r\nGET /health HTTP/1.1\r\n\r\n",
                              "PROXY nonsense\r\n"}) {
        RawClient client = world.connect();
        client.send(bytes);
        ASSERT_TRUE(world.until([&] { return client.ended(); }));
        EXPECT_TRUE(client.ended_cleanly());
        EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 400 "));
        EXPECT_THAT(client.received(),
                    EndsWith("\r\n\r\nmalformed header of the PROXY protocol; version 1 of at most "
                             "107 bytes and version 2 of at most 4112 bytes are understood\n"));
    }
    const std::pair<std::string, int> key{"other", 400};
    EXPECT_EQ(world.counts[key], 2);
}

TEST(HttpListener, AProxyHeaderIsSkippedOnlyOnce) {
    HttpWorld world;
    RawClient client = world.connect();
    client.send("PROXY UNKNOWN\r\nGET /health HTTP/1.1\r\n\r\nPROXY UNKNOWN\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return client.ended(); }));
    EXPECT_TRUE(client.got("health fine") && client.got("HTTP/1.1 400 "));
}

TEST(HttpListener, ARequestMayComeByteByByte) {
    HttpWorld world;
    RawClient client = world.connect();
    for (const char byte : std::string_view("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")) {
        client.send({&byte, 1});
        world.settle();
    }
    EXPECT_TRUE(world.until([&] { return client.got("health fine"); }));
}

TEST(HttpListener, AClientThatHasEndedItsSideStillGetsItsAnswer) {
    HttpWorld world;
    RawClient client = world.connect();
    client.send("GET /health HTTP/1.1\r\n\r\n");
    client.half_close();
    ASSERT_TRUE(world.until([&] { return client.ended_cleanly(); }));
    EXPECT_TRUE(client.got("health fine"));
}

TEST(HttpListener, ABodyIsNotReadAndDoesNotSpoilTheAnswer) {
    HttpWorld world;
    RawClient client = world.connect();
    client.send("POST /health HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" +
                std::string(300'000, 'x'));
    ASSERT_TRUE(world.until([&] { return client.ended(); }));
    EXPECT_TRUE(client.ended_cleanly()) << "the connection was reset";
    EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 405 "));
    EXPECT_TRUE(client.got("Connection: close"));
}

TEST(HttpListener, GarbageIsRefusedAtOnceAndTheConnectionEnds) {
    using namespace std::string_view_literals;
    HttpWorld world;
    for (const std::string_view bytes :
         {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS ClientHello"sv, "\0\0\0\0"sv,
          "GET /a\0b HTTP/1.1\r\n\r\n"sv, "EHLO mail.example\n"sv,
          "GET / HTTP/1.1\r\nbad\x01name: x\r\n\r\n"sv}) {
        RawClient client = world.connect();
        client.send(bytes);
        ASSERT_TRUE(world.until([&] { return client.ended(); })) << testing::PrintToString(bytes);
        EXPECT_TRUE(client.ended_cleanly());
        EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 400 "))
            << testing::PrintToString(bytes);
    }
}

TEST(HttpListener, EmptyConnectionsAndResetsLeaveNothingBehind) {
    HttpWorld world;
    testing::internal::CaptureStderr();
    for (int i = 0; i < 50; ++i) {
        RawClient empty = world.connect();
        RawClient reset = world.connect();
        RawClient cut = world.connect();
        cut.send("GET /hea");
        if (i % 2 == 0) {
            world.settle();
        }
        empty.hang_up();
        reset.reset_connection();
        cut.reset_connection();
    }
    EXPECT_THAT(world.ask("GET /livez HTTP/1.1"), StartsWith("HTTP/1.1 200 "));
    EXPECT_TRUE(world.until([&] { return world.listener->connections() == 0; }));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(HttpListener, StopAcceptsNoMoreEndsIdleConnectionsAndFinishesWhatIsUnderWay) {
    HttpWorld world;
    RawClient idle = world.connect();
    idle.send("GET /health HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(world.until([&] { return idle.got("health fine"); }));
    RawClient asking = world.connect();
    asking.send("GET /health HTTP/1.1\r\n");
    RawClient new_one = world.connect();
    ASSERT_TRUE(world.until([&] { return world.listener->connections() == 3; }));
    world.settle();
    world.listener->stop();
    EXPECT_TRUE(world.until([&] { return idle.ended_cleanly(); }));
    EXPECT_EQ(world.listener->connections(), 2u);
    asking.send("\r\n");
    new_one.send("GET /livez HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(world.until([&] { return asking.ended_cleanly() && new_one.ended_cleanly(); }));
    EXPECT_TRUE(asking.got("health fine") && asking.got("Connection: close"));
    EXPECT_TRUE(new_one.got("pass"));
    const FileDescriptor late(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(world.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_NE(::connect(late.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    asking.hang_up();
    new_one.hang_up();
    EXPECT_TRUE(world.until([&] { return world.listener->connections() == 0; }));
}

TEST(HttpListener, AFailureToRenderClosesTheConnectionAndNothingElse) {
    HttpWorld world;
    const HttpRoutes routes([](core::ExpositionFormat) -> std::string {
        throw std::runtime_error("no metrics today");
    });
    HttpListener listener(world.io, routes, no_counters());
    auto bound = bind_listener("127.0.0.1", 0);
    ASSERT_TRUE(bound);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(bound->get(), reinterpret_cast<sockaddr*>(&address), &size);
    ASSERT_TRUE(listener.start(std::move(*bound)));
    testing::internal::CaptureStderr();
    RawClient client(ntohs(address.sin_port));
    client.send("GET /metrics HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(world.until([&] { return client.ended(); }));
    world.settle();
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("no metrics today"));
    RawClient next(ntohs(address.sin_port));
    next.send("GET /livez HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(world.until([&] { return next.got("pass"); }));
}

TEST(HttpListener, AnswersOnEverySocketItIsGiven) {
    HttpWorld world;
    auto other = bind_listener("127.0.0.1", 0);
    ASSERT_TRUE(other);
    const std::string name = name_of(other->get());
    ASSERT_TRUE(world.listener->start(std::move(*other)));
    RawClient first = world.connect();
    RawClient second(static_cast<std::uint16_t>(std::stoi(name.substr(name.rfind(':') + 1))));
    first.send("GET /health HTTP/1.1\r\n\r\n");
    second.send("GET /health HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(world.until([&] { return first.got("fine") && second.got("fine"); }));
    EXPECT_EQ(world.listener->connections(), 2U);
}

TEST(HttpListener, AConnectionAfterTheStopWaitsForTheNextOwnerOfTheSocket) {
    HttpWorld world;
    auto bound = bind_listener("127.0.0.1", 0);
    ASSERT_TRUE(bound);
    const std::string name = name_of(bound->get());
    const FileDescriptor copy(::dup(bound->get()));  // as the service manager has one
    ASSERT_TRUE(world.listener->start(std::move(*bound)));
    world.settle();
    world.listener->stop();
    RawClient client(static_cast<std::uint16_t>(std::stoi(name.substr(name.rfind(':') + 1))));
    client.send("GET /health HTTP/1.1\r\n\r\n");
    world.settle();
    EXPECT_FALSE(client.ended());
    world.listener = std::make_unique<HttpListener>(world.io, world.routes, no_counters());
    ASSERT_TRUE(world.listener->start(FileDescriptor(::dup(copy.get()))));
    EXPECT_TRUE(world.until([&] { return client.got("fine"); }));
}

TEST(HttpListener, CanBeDestroyedWithConnectionsInEveryState) {
    HttpWorld world;
    RawClient silent = world.connect();
    RawClient begun = world.connect();
    begun.send("GET /hea");
    RawClient idle = world.connect();
    idle.send("GET /health HTTP/1.1\r\n\r\n");
    RawClient lingering = world.connect();
    lingering.send("GET /health HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(world.until([&] { return idle.got("fine") && lingering.got("fine"); }));
}

}  // namespace
}  // namespace agent
