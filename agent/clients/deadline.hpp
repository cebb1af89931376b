// SPDX-License-Identifier: Apache-2.0
// A deadline for operations of the event loop that have no timeout.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace agent {

/// Calls `expire` once, on the loop, at the time `when`, unless this object is destroyed first.
/// `expire` ends the operation by closing its socket: the operation completes with an error, and so
/// does every later one, also if `when` is between two operations. (A cancellation would be lost
/// there.)
///
///     Deadline deadline(executor, when, [&socket] { close(socket); });
///     co_await …;                        // completes by then
///     if (deadline.expired()) { … }      // not another error
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
