// SPDX-License-Identifier: Apache-2.0
// What the sessions of one listener share: the limits, the routes, and one timer for all their
// deadlines, which runs only while there are sessions. Single-threaded, on the io_context it was
// made for.
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

/// The one executor of this side by its own type: the type-erased one costs a few per cent of the
/// requests per second.
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

    /// Takes an accepted connection and serves it to its end; closes the session that has waited
    /// longest if there are too many.
    void admit(HttpSocket socket);

    /// Closes the session that has gone longest without an answered request. True if there was one.
    bool close_longest_waiting();

    /// Closes the idle sessions; the others end with the answer to the request that is under way,
    /// and one that was never asked anything has its header_time to be.
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

    /// Sees to it that deadlines are looked at no later than then. Needed only where a deadline
    /// comes nearer.
    void look_by(core::BootTime deadline);

   private:
    void look();

    boost::asio::io_context& io_;
    const HttpRoutes& routes_;
    const HttpLimits limits_;
    AnswerCounter count_;
    std::list<HttpSession*> sessions_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>,
                                      HttpExecutor>
        timer_;
    core::BootTime looks_at_ = core::BootTime::max();  ///< max: the timer is not set
    bool stopping_ = false;
};

}  // namespace agent
