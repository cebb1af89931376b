// SPDX-License-Identifier: Apache-2.0
// A deadline for operations of the event loop that have none of their own.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace agent {

/// Calls `expire` once, on the loop, when the time comes, unless it was destroyed before. `expire`
/// ends the operation by closing what it works on (a socket): the operation then completes with an
/// error, and so does every later one, also if the time comes between two of them. (Cancelling
/// would be lost there.)
///
///     Deadline deadline(executor, when, [&socket] { close(socket); });
///     co_await …;                        // completes by then
///     if (deadline.expired()) { … }      // tells a deadline from any other error
class Deadline {
   public:
    using TimePoint = std::chrono::steady_clock::time_point;

    Deadline(const boost::asio::any_io_executor& executor, TimePoint when,
             std::function<void()> expire);
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline();

    [[nodiscard]] bool expired() const;

   private:
    struct State;
    std::shared_ptr<State>
        state_;  ///< shared with the timer's handler, which may be queued already
};

}  // namespace agent
