// SPDX-License-Identifier: Apache-2.0
// The sessions of all listeners, with their limits, their routes and one timer for all deadlines,
// which runs only while there are sessions. Used on the server's loop only.
#pragma once

#include "agent/http/limits.hpp"
#include "agent/http/routes.hpp"
#include "core/base/time.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <list>
#include <memory>

namespace agent {

/// Why: the type-erased executor costs a few per cent of the requests per second.
using HttpExecutor = boost::asio::io_context::executor_type;
using HttpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, HttpExecutor>;

class HttpSession;

/// Called once for each answer.
using AnswerCounter = std::function<void(Route route, int status)>;

class HttpSessionPool : public std::enable_shared_from_this<HttpSessionPool> {
   public:
    /// `routes` must outlive the io_context's last handler.
    HttpSessionPool(boost::asio::io_context& io, const HttpRoutes& routes, HttpLimits limits,
                    AnswerCounter count);

    /// Serves an accepted connection to its end. At the limit it first closes the session that has
    /// waited longest.
    void admit(HttpSocket socket);

    /// Closes the session that has gone longest without an answered request; false if none exists.
    bool close_longest_waiting();

    /// Closes the idle sessions. The others end after their pending answer; one without a request
    /// yet may still send it within header_time.
    void stop();

    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] std::size_t size() const { return sessions_.size(); }
    [[nodiscard]] const HttpLimits& limits() const { return limits_; }
    [[nodiscard]] const HttpRoutes& routes() const { return routes_; }
    void count(const HttpAnswer& answer) const { count_(answer.route, answer.status); }

    // For sessions.
    using Place = std::list<HttpSession*>::iterator;
    [[nodiscard]] Place enter(HttpSession& session) {
        return sessions_.insert(sessions_.end(), &session);
    }
    void leave(Place place);

    /// Checks the deadlines at `deadline` at the latest. To be called when a session sets one.
    void check_deadlines_by(core::BootTime deadline);

   private:
    void check_deadlines();

    boost::asio::io_context& io_;
    const HttpRoutes& routes_;
    const HttpLimits limits_;
    AnswerCounter count_;
    std::list<HttpSession*> sessions_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>,
                                      HttpExecutor>
        timer_;
    core::BootTime next_check_ = core::BootTime::max();  ///< max: the timer is not set
    bool stopping_ = false;
};

}  // namespace agent
