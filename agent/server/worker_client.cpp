// SPDX-License-Identifier: Apache-2.0
#include "agent/server/worker_client.hpp"

#include "agent/clock.hpp"
#include "agent/wire/channel.hpp"
#include "agent/wire/frame.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <string>

namespace agent {
namespace asio = boost::asio;

namespace {

std::string seconds(core::Duration duration) {
    return std::to_string(duration.count()) + " ms";
}

}  // namespace

Request make_request(Operation operation, std::string_view instance_id) {
    Request request;
    request.operation = operation;
    request.id_length = static_cast<std::uint32_t>(std::min(instance_id.size(), max_id_length));
    std::copy_n(instance_id.begin(), request.id_length, request.id.begin());
    return request;
}

WorkerClient::WorkerClient(asio::io_context& context, WorkerKind kind)
    : kind_(kind), channel_(context), turn_(context, asio::steady_timer::time_point::max()) {
}

void WorkerClient::connect(FileDescriptor channel) {
    boost::system::error_code ignored;
    channel_.close(ignored);
    ++generation_;
    awaited_ = 0;
    overdue_since_.reset();
    boost::system::error_code error;
    channel_.assign(channel.get(), error);
    if (error) {
        return;  // closed with `channel`: the worker sees it and ends, and the supervisor starts another
    }
    static_cast<void>(channel.release());
    channel_.non_blocking(true, ignored);
}

core::Error WorkerClient::no_worker(std::uint64_t generation) {
    if (generation == generation_) {
        forget();
    }
    return {core::Errc::unavailable, "the " + std::string(to_string(kind_)) + " worker is gone; it is started again"};
}

void WorkerClient::forget() {
    boost::system::error_code ignored;
    channel_.close(ignored);
    awaited_ = 0;
    overdue_since_.reset();
}

asio::awaitable<core::Result<void>> WorkerClient::wait_readable(core::Moment until) {
    using asio::experimental::awaitable_operators::operator||;
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    asio::steady_timer timer(channel_.get_executor());
    const std::uint64_t generation = generation_;
    timer.expires_after(std::max(until.boot - now().boot, core::BootTime(0)));
    auto waited =
        co_await (channel_.async_wait(asio::posix::stream_descriptor::wait_read, token) || timer.async_wait(token));
    if (waited.index() == 1) {
        co_return core::Error{core::Errc::timed_out, ""};
    }
    if (std::get<0>(std::get<0>(waited)) || generation != generation_) {
        co_return no_worker(generation);
    }
    co_return core::Result<void>();
}

asio::awaitable<core::Result<WorkerClient::Answer>> WorkerClient::receive(std::uint32_t sequence, core::Moment until) {
    for (;;) {
        auto message = receive_message(channel_.native_handle());
        if (!message && message.error().code == core::Errc::locked) {
            if (auto readable = co_await wait_readable(until); !readable) {
                co_return readable.error();
            }
            continue;
        }
        if (!message || message->bytes.empty()) {
            co_return no_worker(generation_);
        }
        auto frame = parse_frame(message->bytes);
        if (!frame) {
            forget();  // nothing that it says can be told apart any more: the worker ends, and another is started
            co_return frame.error();
        }
        if (frame->sequence != sequence) {
            continue;
        }
        awaited_ = 0;
        overdue_since_.reset();
        if (!frame->reply) {
            co_return frame->reply.error();
        }
        co_return Answer{std::move(*frame->reply), std::move(message->descriptor)};
    }
}

asio::awaitable<core::Result<WorkerClient::Answer>> WorkerClient::ask(Request request, core::Duration deadline) {
    while (busy_) {
        co_await turn_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    busy_ = true;
    auto answer = co_await ask_in_turn(request, deadline);
    busy_ = false;
    turn_.cancel();
    co_return answer;
}

asio::awaitable<core::Result<WorkerClient::Answer>> WorkerClient::ask_in_turn(Request request,
                                                                              core::Duration deadline) {
    if (!channel_.is_open()) {
        co_return no_worker(generation_);
    }
    const core::Moment start = now();
    if (awaited_ != 0) {
        // What comes back late is heard, and too old to be used: only that the worker is free again counts.
        auto late = co_await receive(awaited_, start);
        if (!late && late.error().code == core::Errc::timed_out) {
            overdue_since_ = sent_at_;
            co_return core::Error{core::Errc::timed_out, "the " + std::string(to_string(kind_)) +
                                                             " worker has not answered since " +
                                                             seconds(start.boot - sent_at_.boot) + " ago"};
        }
        if (!channel_.is_open()) {
            co_return no_worker(generation_);
        }
    }
    request.sequence = ++sequence_ == 0 ? ++sequence_ : sequence_;
    if (!send_message(channel_.native_handle(), encode_request(request))) {
        co_return no_worker(generation_);
    }
    awaited_ = request.sequence;
    sent_at_ = start;
    core::Moment until = start;
    until.boot += deadline;
    auto answer = co_await receive(request.sequence, until);
    if (!answer && answer.error().code == core::Errc::timed_out) {
        overdue_since_ = sent_at_;
        co_return core::Error{core::Errc::timed_out, "the " + std::string(to_string(kind_)) +
                                                         " worker did not answer within " + seconds(deadline)};
    }
    co_return answer;
}

}  // namespace agent
