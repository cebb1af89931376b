// SPDX-License-Identifier: Apache-2.0
// The asking end of a worker's channel. One request is in flight at most; a request that is not answered by its
// deadline stays in flight: the worker is left alone, asked nothing more, and heard when it comes back.
#pragma once

#include "agent/file_descriptor.hpp"
#include "agent/wire/replies.hpp"
#include "agent/wire/request.hpp"
#include "agent/worker/worker.hpp"
#include "core/moment.hpp"
#include "core/result.hpp"
#include "core/settings.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace agent {

class WorkerClient {
   public:
    WorkerClient(boost::asio::io_context& context, WorkerKind kind);

    /// Speaks to this worker from now on (the first, or a new one after the old one died).
    void connect(FileDescriptor channel);

    struct Answer {
        std::vector<std::uint8_t> bytes;  ///< an encoded reply
        FileDescriptor descriptor;
    };

    /// Several may be awaited at once; they take turns. Errors: timed_out (by now, or an earlier request is still not
    /// answered), unavailable (no worker), refused and malformed (what the worker said).
    [[nodiscard]] boost::asio::awaitable<core::Result<Answer>> ask(Request request, core::Duration deadline);

    /// ask() and decode() in one.
    template <class T>
    [[nodiscard]] boost::asio::awaitable<core::Result<T>> ask_for(Request request, core::Duration deadline) {
        auto answer = co_await ask(request, deadline);
        if (!answer) {
            co_return answer.error();
        }
        co_return decode<T>(answer->bytes);
    }

    /// When the request was sent that is overdue; empty while none is.
    [[nodiscard]] std::optional<core::Moment> overdue_since() const { return overdue_since_; }

   private:
    [[nodiscard]] boost::asio::awaitable<core::Result<void>> wait_readable(core::Moment until);
    [[nodiscard]] boost::asio::awaitable<core::Result<Answer>> receive(std::uint32_t sequence, core::Moment until);
    [[nodiscard]] boost::asio::awaitable<core::Result<Answer>> ask_in_turn(Request request, core::Duration deadline);
    [[nodiscard]] core::Error no_worker(std::uint64_t generation);
    void forget();

    WorkerKind kind_;
    boost::asio::posix::stream_descriptor channel_;
    boost::asio::steady_timer turn_;  ///< never expires; cancelled when a turn ends
    bool busy_ = false;
    std::uint64_t generation_ = 0;  ///< counts connect(): what waited on an earlier channel must not close this one
    std::uint32_t sequence_ = 0;
    std::uint32_t awaited_ = 0;  ///< sequence of the request in flight; 0: none
    core::Moment sent_at_{};
    std::optional<core::Moment> overdue_since_;
};

/// A request for an operation, about this instance.
[[nodiscard]] Request make_request(Operation operation, std::string_view instance_id = {});

}  // namespace agent
