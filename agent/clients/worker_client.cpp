// SPDX-License-Identifier: Apache-2.0
#include "agent/clients/worker_client.hpp"

#include "agent/base/clock.hpp"
#include "agent/ipc/channel.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
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

Request make_request(Operation operation, std::string_view instance_id) {
    Request request;
    request.operation = operation;
    request.id_length = static_cast<std::uint32_t>(std::min(instance_id.size(), max_id_length));
    std::copy_n(instance_id.begin(), request.id_length, request.id.begin());
    return request;
}

WorkerClient::WorkerClient(asio::io_context& context, WorkerKind kind, Noticed noticed)
    : kind_(kind),
      noticed_(std::move(noticed)),
      channel_(context),
      turn_(context, asio::steady_timer::time_point::max()),
      answered_(context) {
}

void WorkerClient::connect(FileDescriptor channel) {
    forget();
    boost::system::error_code error;
    channel_.assign(channel.get(), error);
    if (error) {
        return;  // closed with `channel`: the worker sees it and ends, and the supervisor starts
                 // another
    }
    static_cast<void>(channel.release());
    channel_.non_blocking(true, error);
    asio::co_spawn(channel_.get_executor(), listen(generation_), asio::detached);
}

core::Error WorkerClient::no_worker() const {
    return {core::Errc::unavailable,
            "the " + std::string(to_string(kind_)) + " worker is gone; it is started again"};
}

/// There is no worker any more, and whoever waits for it waits no longer.
void WorkerClient::forget() {
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
    const bool too_late = overdue_since_.has_value();  // only that the worker is free again counts
    overdue_since_.reset();
    if (too_late) {
        noticed_(worker_is_free);
    } else {
        answer_ = frame.reply
                      ? core::Result<Answer>(Answer{std::move(*frame.reply), std::move(descriptor)})
                      : core::Result<Answer>(frame.reply.error());
        answered_.cancel();
    }
}

/// false: nothing more is to be heard of this worker.
bool WorkerClient::hear(std::uint64_t generation) {
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
            break;  // nothing that it says can be told apart any more: the worker ends, and another
                    // is started
        }
        take(std::move(*frame), std::move(message->descriptor));
    }
    return false;
}

asio::awaitable<void> WorkerClient::listen(std::uint64_t generation) {
    while (hear(generation)) {
        co_await channel_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    }
    if (generation == generation_) {
        forget();
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
        co_await asio::post(channel_.get_executor(),
                            asio::use_awaitable);  // who waits has the next turn
    }
    co_return answer;
}

asio::awaitable<core::Result<WorkerClient::Answer>> WorkerClient::ask_in_turn(
    Request request, core::Duration deadline) {
    if (!channel_.is_open()) {
        co_return no_worker();
    }
    const core::TimePoint start = now();
    if (awaited_ != 0) {
        co_return late(
            kind_, "has not answered since " + milliseconds(start.boot - sent_at_.boot) + " ago");
    }
    request.sequence = ++sequence_ == 0 ? ++sequence_ : sequence_;
    if (!send_message(channel_.native_handle(), encode_request(request))) {
        forget();
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
    co_return late(kind_, "did not answer within " + milliseconds(deadline));
}

}  // namespace agent
