// SPDX-License-Identifier: Apache-2.0
// The asking end of a worker's channel. One request is in flight at most; a request that is not
// answered by its deadline stays in flight: the worker is left alone, asked nothing more, and heard
// when it comes back. What it says unasked is passed on at once.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/ipc/frame.hpp"
#include "agent/ipc/replies.hpp"
#include "agent/ipc/request.hpp"
#include "agent/ipc/worker_kind.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/model/settings.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace agent {

/// Beside the bits of worker_event.
inline constexpr WorkerEvents worker_is_free = 1U << 31;

class WorkerClient {
   public:
    /// `noticed` is called, on the loop, when the worker says that something it watches has
    /// changed, and with worker_is_free when it has answered a request that was overdue.
    using Noticed = std::function<void(WorkerEvents)>;
    WorkerClient(
        boost::asio::io_context& context, WorkerKind kind, Noticed noticed = [](WorkerEvents) {});

    /// Speaks to this worker from now on (the first, or a new one after the old one died). Listens
    /// to it for as long as the io_context runs, which does not end by itself from then on.
    void connect(FileDescriptor channel);

    struct Answer {
        std::vector<std::uint8_t> bytes;  ///< an encoded reply
        FileDescriptor descriptor;
    };

    /// Several may be awaited at once; they take turns. Errors: timed_out (by now, or an earlier
    /// request is still not answered), unavailable (no worker), refused and malformed (what the
    /// worker said).
    [[nodiscard]] boost::asio::awaitable<core::Result<Answer>> ask(Request request,
                                                                   core::Duration deadline);

    /// ask() and decode() in one.
    template <class T>
    [[nodiscard]] boost::asio::awaitable<core::Result<T>> ask_for(Request request,
                                                                  core::Duration deadline) {
        auto answer = co_await ask(request, deadline);
        if (!answer) {
            co_return answer.error();
        }
        co_return decode<T>(answer->bytes);
    }

    /// When the request was sent that is overdue; empty while none is.
    [[nodiscard]] std::optional<core::TimePoint> overdue_since() const { return overdue_since_; }

   private:
    [[nodiscard]] boost::asio::awaitable<void> listen(std::uint64_t generation);
    [[nodiscard]] bool hear(std::uint64_t generation);
    void take(Frame frame, FileDescriptor descriptor);
    [[nodiscard]] boost::asio::awaitable<core::Result<Answer>> ask_in_turn(Request request,
                                                                           core::Duration deadline);
    [[nodiscard]] core::Error no_worker() const;
    void forget();

    WorkerKind kind_;
    Noticed noticed_;
    boost::asio::posix::stream_descriptor channel_;
    boost::asio::steady_timer turn_;  ///< never expires; cancelled when a turn ends
    boost::asio::steady_timer
        answered_;    ///< the deadline of the request in flight; cancelled by its answer
    int asking_ = 0;  ///< those whose turn it is or will be
    bool busy_ = false;
    std::uint64_t generation_ =
        0;  ///< counts connect(): what was heard of an earlier channel is of no interest
    std::uint32_t sequence_ = 0;
    std::uint32_t awaited_ = 0;  ///< sequence of the request in flight; 0: none
    std::optional<core::Result<Answer>> answer_;
    core::TimePoint sent_at_{};
    std::optional<core::TimePoint> overdue_since_;
};

/// A request for an operation, about this instance.
[[nodiscard]] Request make_request(Operation operation, std::string_view instance_id = {});

}  // namespace agent
