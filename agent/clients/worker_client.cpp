// SPDX-License-Identifier: Apache-2.0
#include "agent/clients/worker_client.hpp"

#include "agent/base/clock.hpp"
#include "agent/ipc/channel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

std::string milliseconds(core::Duration duration) {
    return std::to_string(duration.count()) + " ms";
}

core::Error late(WorkerKind kind, const std::string& how) {
    return {core::Errc::timed_out, "the " + std::string(to_string(kind)) + " worker " + how};
}

}  // namespace

WorkerClient::WorkerClient(asio::io_context& context, WorkerKind kind, Noticed noticed)
    : kind_(kind),
      noticed_(std::move(noticed)),
      channel_(context),
      turn_(context, asio::steady_timer::time_point::max()),
      answered_(context) {
}

void WorkerClient::connect(FileDescriptor channel) {
    disconnect();
    boost::system::error_code error;
    channel_.assign(channel.get(), error);
    if (error) {
        return;  // closes `channel`: the worker exits, and the supervisor starts another
    }
    static_cast<void>(channel.release());
    channel_.non_blocking(true, error);
    asio::co_spawn(channel_.get_executor(), listen(generation_), asio::detached);
}

core::Error WorkerClient::no_worker() const {
    return {core::Errc::unavailable, "the " + std::string(to_string(kind_)) +
                                         " worker has exited; the supervisor starts another"};
}

/// Ends the wait for the outstanding request.
void WorkerClient::disconnect() {
    boost::system::error_code ignored;
    channel_.close(ignored);
    ++generation_;
    awaited_ = 0;
    overdue_since_.reset();
    answered_.cancel();
}

void WorkerClient::take(Frame frame, FileDescriptor descriptor) {
    if (frame.events != 0) {
        noticed_(frame.events);
        return;
    }
    if (awaited_ == 0 || frame.sequence != awaited_) {
        return;
    }
    awaited_ = 0;
    if (std::exchange(overdue_since_, std::nullopt)) {
        noticed_(worker_is_free);
        return;
    }
    if (frame.reply) {
        answer_ = Answer{std::move(*frame.reply), std::move(descriptor)};
    } else {
        answer_ = frame.reply.error();
    }
    answered_.cancel();
}

/// Takes all that has arrived. false: this channel is not usable any more.
bool WorkerClient::receive(std::uint64_t generation) {
    while (generation == generation_) {
        auto message = receive_message(channel_.native_handle());
        if (!message && message.error().code == core::Errc::locked) {
            return true;
        }
        if (!message || message->bytes.empty()) {
            break;
        }
        auto frame = parse_frame(message->bytes);
        if (!frame) {
            break;
        }
        take(std::move(*frame), std::move(message->descriptor));
    }
    return false;
}

asio::awaitable<void> WorkerClient::listen(std::uint64_t generation) {
    while (receive(generation)) {
        co_await channel_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    }
    if (generation == generation_) {
        disconnect();  // a worker that is still alive exits, and the supervisor starts another
    }
}

asio::awaitable<core::Result<WorkerClient::Answer>> WorkerClient::ask(Request request,
                                                                      core::Duration deadline) {
    ++asking_;
    while (busy_) {
        co_await turn_.async_wait(as_result);
    }
    busy_ = true;
    auto answer = co_await ask_in_turn(request, deadline);
    busy_ = false;
    turn_.cancel();
    if (--asking_ > 0) {
        // Another call that waits gets the next turn.
        co_await asio::post(channel_.get_executor(), asio::use_awaitable);
    }
    co_return answer;
}

asio::awaitable<core::Result<WorkerClient::Answer>> WorkerClient::ask_in_turn(
    Request request, core::Duration deadline) {
    const OperationInfo* const row = find_operation(request.operation);
    if (row == nullptr || row->worker != kind_) {
        co_return core::Error{core::Errc::refused, "not an operation of the " +
                                                       std::string(to_string(kind_)) + " worker"};
    }
    if (!channel_.is_open()) {
        co_return no_worker();
    }
    const core::TimePoint start = now();
    if (awaited_ != 0) {
        co_return late(kind_, "has not replied for " + milliseconds(start.boot - sent_at_.boot));
    }
    if (++sequence_ == 0) {
        ++sequence_;
    }
    request.sequence = sequence_;
    if (!send_message(channel_.native_handle(), encode_request(request))) {
        disconnect();
        co_return no_worker();
    }
    awaited_ = request.sequence;
    sent_at_ = start;
    answer_.reset();
    const std::uint64_t generation = generation_;
    answered_.expires_after(deadline);
    co_await answered_.async_wait(as_result);
    if (answer_) {
        co_return std::exchange(answer_, std::nullopt).value();
    }
    if (generation != generation_) {
        co_return no_worker();
    }
    overdue_since_ = sent_at_;
    co_return late(kind_, "did not reply within " + milliseconds(deadline));
}

}  // namespace agent
