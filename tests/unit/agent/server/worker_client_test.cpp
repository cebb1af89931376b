// SPDX-License-Identifier: Apache-2.0
// Conversations with a worker that the test plays itself, on the other end of a real channel.
#include "agent/server/worker_client.hpp"

#include "agent/wire/channel.hpp"
#include "agent/wire/frame.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <fcntl.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace agent {
namespace {

using namespace std::chrono_literals;
using Asked = core::Result<WorkerClient::Answer>;

class WorkerClientTest : public ::testing::Test {
   protected:
    WorkerClientTest() { sit_down(); }

    /// A new worker takes the seat.
    void sit_down() {
        auto ends = make_channel();
        ASSERT_TRUE(ends);
        worker = std::move(ends->second);
        client.connect(std::move(ends->first));
    }

    /// Asks, and lets the event loop work until there is an answer or an error.
    Asked ask(core::Duration deadline) {
        std::optional<Asked> result;
        begin(deadline, result);
        io.restart();
        io.run();
        return result ? std::move(*result) : Asked(core::Error{core::Errc::other, "no answer at all"});
    }

    void begin(core::Duration deadline, std::optional<Asked>& result) {
        const auto task = [](WorkerClient& asked, core::Duration patience,
                             std::optional<Asked>& into) -> boost::asio::awaitable<void> {
            into = co_await asked.ask(make_request(Operation::observe_host), patience);
        };
        boost::asio::co_spawn(io, task(client, deadline, result), boost::asio::detached);
    }

    Request next_request() {
        auto message = receive_message(worker.get());
        EXPECT_TRUE(message);
        auto request = decode_request(message->bytes);
        EXPECT_TRUE(request);
        return request ? *request : Request{};
    }

    void reply(std::uint32_t sequence, const std::string& text, int descriptor = -1) {
        const std::vector<std::uint8_t> bytes(text.begin(), text.end());
        ASSERT_TRUE(send_message(worker.get(), frame_reply(sequence, bytes), descriptor));
    }

    static std::string text_of(const Asked& answer) {
        return answer ? std::string(answer->bytes.begin(), answer->bytes.end()) : "error: " + answer.error().message;
    }

    boost::asio::io_context io;
    WorkerClient client{io, WorkerKind::mount};
    FileDescriptor worker;
};

TEST_F(WorkerClientTest, GivesTheAnswerAndTheDescriptorBesideIt) {
    const FileDescriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    reply(1, "hello", file.get());  // the first request has number 1; the reply waits in the channel
    const Asked answer = ask(1s);
    EXPECT_EQ(text_of(answer), "hello");
    EXPECT_TRUE(static_cast<bool>(answer->descriptor));
    EXPECT_FALSE(client.overdue_since());
}

TEST_F(WorkerClientTest, AWorkerThatDoesNotAnswerByTheDeadlineIsOverdueAndAskedNothingMore) {
    EXPECT_EQ(ask(10ms).error().code, core::Errc::timed_out);
    EXPECT_TRUE(client.overdue_since());
    EXPECT_EQ(ask(10ms).error().code, core::Errc::timed_out);
    next_request();
    ASSERT_EQ(::fcntl(worker.get(), F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(receive_message(worker.get()).error().code, core::Errc::locked) << "only one request was ever sent";
}

TEST_F(WorkerClientTest, ALateAnswerFreesTheWorkerAndIsNotTakenForTheNext) {
    EXPECT_EQ(ask(10ms).error().code, core::Errc::timed_out);
    const auto since = client.overdue_since();
    ASSERT_TRUE(since);
    reply(1, "late");
    reply(2, "fresh");
    EXPECT_EQ(text_of(ask(1s)), "fresh");
    EXPECT_FALSE(client.overdue_since());
}

TEST_F(WorkerClientTest, OverdueSaysWhenTheStuckRequestWasSentAndNotWhenItWasLastAskedFor) {
    EXPECT_FALSE(ask(10ms));
    const auto first = client.overdue_since();
    EXPECT_FALSE(ask(10ms));
    ASSERT_TRUE(first && client.overdue_since());
    EXPECT_EQ(first->boot, client.overdue_since()->boot);
}

TEST_F(WorkerClientTest, AnErrorOfTheWorkerIsItsOwnWords) {
    ASSERT_TRUE(send_message(worker.get(), frame_error(1, "not an operation of the mount worker")));
    const Asked answer = ask(1s);
    EXPECT_EQ(answer.error().code, core::Errc::refused);
    EXPECT_EQ(answer.error().message, "not an operation of the mount worker");
}

TEST_F(WorkerClientTest, ADeadWorkerIsUnavailableUntilAnotherTakesItsPlace) {
    worker.reset();
    EXPECT_EQ(ask(1s).error().code, core::Errc::unavailable);
    EXPECT_EQ(ask(1s).error().code, core::Errc::unavailable);
    sit_down();
    reply(2, "I am new");
    const Asked answer = ask(1s);
    EXPECT_EQ(text_of(answer), "I am new");
}

TEST_F(WorkerClientTest, ANewWorkerEndsTheWaitForTheOldOneAndKeepsItsChannel) {
    std::optional<Asked> result;
    begin(1h, result);
    io.poll();
    ASSERT_FALSE(result);
    sit_down();
    io.restart();
    io.run();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->error().code, core::Errc::unavailable);
    reply(2, "I am new");
    EXPECT_EQ(text_of(ask(1s)), "I am new");
}

TEST_F(WorkerClientTest, TwoWhoAskAtOnceTakeTurns) {
    std::optional<Asked> first;
    std::optional<Asked> second;
    begin(1s, first);
    begin(1s, second);
    reply(1, "first");
    reply(2, "second");
    io.restart();
    io.run();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(text_of(*first), "first");
    EXPECT_EQ(text_of(*second), "second");
}

TEST_F(WorkerClientTest, WhatIsNoFrameIsMalformed) {
    ASSERT_TRUE(send_message(worker.get(), std::vector<std::uint8_t>{1, 2}));
    EXPECT_EQ(ask(1s).error().code, core::Errc::malformed);
}

}  // namespace
}  // namespace agent
