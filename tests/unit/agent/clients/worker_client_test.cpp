// SPDX-License-Identifier: Apache-2.0
// Conversations with a worker that the test plays itself, on the other end of a real channel.
#include "agent/clients/worker_client.hpp"

#include "agent/ipc/channel.hpp"
#include "agent/ipc/frame.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <fcntl.h>

#include <chrono>
#include <functional>
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

    /// Asks, lets the worker do its part once the request is under way, and the event loop work
    /// until there is an answer or an error.
    Asked ask(
        core::Duration deadline, const std::function<void()>& meanwhile = [] {}) {
        std::optional<Asked> result;
        begin(deadline, result);
        work();
        meanwhile();
        return finish(result);
    }

    /// What is ready now.
    void work() {
        io.restart();
        io.poll();
    }

    Asked finish(std::optional<Asked>& result) {
        const auto until = std::chrono::steady_clock::now() + 10s;
        while (!result && std::chrono::steady_clock::now() < until) {
            io.restart();
            io.run_one_for(100ms);
        }
        return result ? std::move(*result)
                      : Asked(core::Error{core::Errc::other, "no answer at all"});
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
        return answer ? std::string(answer->bytes.begin(), answer->bytes.end())
                      : "error: " + answer.error().message;
    }

    boost::asio::io_context io;
    WorkerEvents noticed = 0;
    WorkerClient client{io, WorkerKind::host, [this](WorkerEvents events) { noticed |= events; }};
    FileDescriptor worker;
};

TEST_F(WorkerClientTest, GivesTheAnswerAndTheDescriptorBesideIt) {
    const FileDescriptor file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Asked answer = ask(1s, [&] { reply(1, "hello", file.get()); });
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
    EXPECT_EQ(receive_message(worker.get()).error().code, core::Errc::locked)
        << "only one request was ever sent";
}

TEST_F(WorkerClientTest, ALateAnswerFreesTheWorkerAndIsNotTakenForTheNext) {
    EXPECT_EQ(ask(10ms).error().code, core::Errc::timed_out);
    const auto since = client.overdue_since();
    ASSERT_TRUE(since);
    reply(1, "late");
    work();
    EXPECT_FALSE(client.overdue_since()) << "received at once, not at the next request";
    EXPECT_EQ(text_of(ask(1s, [&] { reply(2, "fresh"); })), "fresh");
}

TEST_F(WorkerClientTest, OverdueSaysWhenTheStuckRequestWasSentAndNotWhenItWasLastAskedFor) {
    EXPECT_FALSE(ask(10ms));
    const auto first = client.overdue_since();
    EXPECT_FALSE(ask(10ms));
    ASSERT_TRUE(first && client.overdue_since());
    EXPECT_EQ(first->boot, client.overdue_since()->boot);
}

TEST_F(WorkerClientTest, AnErrorOfTheWorkerIsItsOwnWords) {
    const Asked answer = ask(1s, [&] {
        ASSERT_TRUE(
            send_message(worker.get(), frame_error(1, "not an operation of the mount worker")));
    });
    EXPECT_EQ(answer.error().code, core::Errc::refused);
    EXPECT_EQ(answer.error().message, "not an operation of the mount worker");
}

TEST_F(WorkerClientTest, ADeadWorkerIsUnavailableUntilAnotherTakesItsPlace) {
    worker.reset();
    EXPECT_EQ(ask(1s).error().code, core::Errc::unavailable);
    EXPECT_EQ(ask(1s).error().code, core::Errc::unavailable);
    sit_down();
    const Asked answer = ask(1s, [&] { reply(next_request().sequence, "I am new"); });
    EXPECT_EQ(text_of(answer), "I am new");
}

TEST_F(WorkerClientTest, ANewWorkerEndsTheWaitForTheOldOneAndKeepsItsChannel) {
    std::optional<Asked> result;
    begin(1h, result);
    work();
    ASSERT_FALSE(result);
    sit_down();
    EXPECT_EQ(finish(result).error().code, core::Errc::unavailable);
    EXPECT_EQ(text_of(ask(1s, [&] { reply(2, "I am new"); })), "I am new");
}

TEST_F(WorkerClientTest, ConcurrentRequestsTakeTurns) {
    std::optional<Asked> first;
    std::optional<Asked> second;
    begin(1s, first);
    begin(1s, second);
    work();
    reply(1, "first");
    EXPECT_EQ(text_of(finish(first)), "first");
    ASSERT_FALSE(second);
    reply(2, "second");
    EXPECT_EQ(text_of(finish(second)), "second");
}

TEST_F(WorkerClientTest, AWorkerThatSaysWhatIsNoFrameIsLetGo) {
    const Asked answer = ask(1s, [&] {
        ASSERT_TRUE(send_message(worker.get(), std::vector<std::uint8_t>{1, 2}));
    });
    EXPECT_EQ(answer.error().code, core::Errc::unavailable);
    next_request();
    EXPECT_TRUE(receive_message(worker.get())->bytes.empty())
        << "its channel is closed, so that it ends";
}

TEST_F(WorkerClientTest, WhatIsSaidUnaskedIsPassedOnAndIsNoAnswer) {
    ASSERT_TRUE(send_message(worker.get(), frame_events(worker_event::link)));
    work();
    EXPECT_EQ(noticed, worker_event::link);
    const Asked answer = ask(1s, [&] {
        ASSERT_TRUE(send_message(worker.get(), frame_events(worker_event::master)));
        reply(1, "hello");
    });
    EXPECT_EQ(text_of(answer), "hello");
    EXPECT_EQ(noticed, worker_event::link | worker_event::master);
}

}  // namespace
}  // namespace agent
