// SPDX-License-Identifier: Apache-2.0
// The server's end of a worker's channel. At most one request is outstanding. A request that misses
// its deadline stays outstanding: the worker gets no further request until its late reply, which is
// dropped, has arrived. Events of the worker are passed on at once.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/ipc/codec.hpp"
#include "agent/ipc/frame.hpp"
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
#include <vector>

namespace agent {

/// Beside the bits of worker_event.
inline constexpr WorkerEvents worker_is_free = 1U << 31;

class WorkerClient {
   public:
    /// Calls `noticed` on the loop for each event of the worker, and with worker_is_free when the
    /// reply to an overdue request has arrived.
    using Noticed = std::function<void(WorkerEvents)>;
    WorkerClient(
        boost::asio::io_context& context, WorkerKind kind, Noticed noticed = [](WorkerEvents) {});

    /// Uses this worker from now on: the first, or the successor of a dead one. Listens to it as
    /// long as the io_context runs, which does not run out of work from then on.
    void connect(FileDescriptor channel);

    struct Answer {
        std::vector<std::uint8_t> bytes;  ///< an encoded reply
        FileDescriptor descriptor;
    };

    /// Calls that wait at the same time take turns. Errors: timed_out (this request, or an earlier
    /// one is still outstanding), unavailable (no worker), malformed (its reply), refused (its
    /// error, or an operation of another kind of worker, which is not sent).
    [[nodiscard]] boost::asio::awaitable<core::Result<Answer>> ask(Request request,
                                                                   core::Duration deadline);

    /// ask(), and the reply decoded.
    template <class Reply>
    [[nodiscard]] boost::asio::awaitable<core::Result<Reply>> ask_for(RequestFor<Reply> request,
                                                                      core::Duration deadline) {
        auto answer = co_await ask(request, deadline);
        if (!answer) {
            co_return answer.error();
        }
        co_return decode<Reply>(answer->bytes);
    }

    /// When the overdue request was sent; empty while none is overdue.
    [[nodiscard]] std::optional<core::TimePoint> overdue_since() const { return overdue_since_; }

   private:
    [[nodiscard]] boost::asio::awaitable<void> listen(std::uint64_t generation);
    [[nodiscard]] bool receive(std::uint64_t generation);
    void take(Frame frame, FileDescriptor descriptor);
    [[nodiscard]] boost::asio::awaitable<core::Result<Answer>> ask_in_turn(Request request,
                                                                           core::Duration deadline);
    [[nodiscard]] core::Error no_worker() const;
    void disconnect();

    WorkerKind kind_;
    Noticed noticed_;
    boost::asio::posix::stream_descriptor channel_;
    boost::asio::steady_timer turn_;  ///< never expires; cancelled when a turn ends
    /// The deadline of the outstanding request; cancelled by its reply.
    boost::asio::steady_timer answered_;
    int asking_ = 0;  ///< calls of ask() that have not returned
    bool busy_ = false;
    std::uint64_t generation_ = 0;  ///< counts channels: an earlier one is ignored
    std::uint32_t sequence_ = 0;
    std::uint32_t awaited_ = 0;  ///< sequence of the outstanding request; 0: none
    std::optional<core::Result<Answer>> answer_;
    core::TimePoint sent_at_{};
    std::optional<core::TimePoint> overdue_since_;
};

}  // namespace agent
