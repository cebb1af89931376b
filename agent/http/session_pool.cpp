// SPDX-License-Identifier: Apache-2.0
#include "agent/http/session_pool.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/http/session.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace agent {
namespace {

/// Deadlines within this time of each other are checked together.
constexpr std::chrono::milliseconds granularity{20};

void end_of_session(const std::exception_ptr& failure) {
    if (!failure) {
        return;
    }
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        log(Priority::error,
            std::string("a connection was closed by a fault of the agent: ") + error.what());
    }
}

}  // namespace

HttpSessionPool::HttpSessionPool(boost::asio::io_context& io, const HttpRoutes& routes,
                                 HttpLimits limits, AnswerCounter count)
    : io_(io),
      routes_(routes),
      limits_(limits),
      count_(std::move(count)),
      timer_(io.get_executor()) {
}

void HttpSessionPool::admit(HttpSocket socket) {
    if (sessions_.size() >= limits_.connections) {
        close_longest_waiting();
    }
    auto session = std::make_shared<HttpSession>(shared_from_this(), std::move(socket));
    HttpSession& itself = *session;
    boost::asio::co_spawn(io_.get_executor(), itself.run(std::move(session)), end_of_session);
}

bool HttpSessionPool::close_longest_waiting() {
    const auto longest = std::min_element(
        sessions_.begin(), sessions_.end(),
        [](const auto* a, const auto* b) { return a->waiting_since() < b->waiting_since(); });
    if (longest == sessions_.end()) {
        return false;
    }
    (*longest)->close();
    return true;
}

void HttpSessionPool::stop() {
    stopping_ = true;
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        HttpSession& session = **next++;  // close() erases it
        if (session.idle()) {
            session.close();
        }
    }
}

void HttpSessionPool::leave(Place place) {
    sessions_.erase(place);
    if (sessions_.empty()) {
        timer_.cancel();
        next_check_ = core::BootTime::max();
    }
}

void HttpSessionPool::check_deadlines_by(core::BootTime deadline) {
    if (deadline >= next_check_) {
        return;
    }
    next_check_ = deadline;
    timer_.expires_after(std::max(deadline - now().boot, core::BootTime::zero()) + granularity);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto sessions = weak.lock();
        if (!error && sessions) {
            sessions->check_deadlines();
        }
    });
}

void HttpSessionPool::check_deadlines() {
    const core::BootTime at = now().boot;
    core::BootTime next = core::BootTime::max();
    for (HttpSession* const session : sessions_) {
        if (session->deadline() <= at) {
            session->expire();
        }
        next = std::min(next, session->deadline());
    }
    next_check_ = core::BootTime::max();
    check_deadlines_by(next);
}

}  // namespace agent
