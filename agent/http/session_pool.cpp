// SPDX-License-Identifier: Apache-2.0
#include "agent/http/session_pool.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/http/session.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string>
#include <tuple>
#include <utility>

namespace agent {
namespace {

/// Deadlines within this time of each other are checked together.
constexpr std::chrono::milliseconds granularity{20};

namespace ip = boost::asio::ip;

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

ip::address source_of(const ip::address& peer) {
    if (peer.is_v4()) {
        return peer;
    }
    const ip::address_v6 v6 = peer.to_v6();
    if (v6.is_v4_mapped()) {  // a listener on :: takes both families
        return ip::make_address_v4(ip::v4_mapped, v6);
    }
    constexpr std::size_t network_bytes = 8;
    ip::address_v6::bytes_type bytes = v6.to_bytes();
    std::fill(bytes.begin() + network_bytes, bytes.end(), 0);
    return ip::address_v6(bytes);
}

std::string_view to_string(Eviction why) {
    switch (why) {
        case Eviction::source: return "source";
        case Eviction::total: return "total";
        case Eviction::shortage: break;
    }
    return "shortage";
}

HttpSessionPool::HttpSessionPool(boost::asio::io_context& io, const HttpRoutes& routes,
                                 HttpLimits limits, HttpCounters counters)
    : io_(io),
      routes_(routes),
      limits_(limits),
      counters_(std::move(counters)),
      timer_(io.get_executor()) {
}

void HttpSessionPool::admit(HttpSocket socket, const ip::address& peer) {
    auto session = std::make_shared<HttpSession>(shared_from_this(), std::move(socket), peer);
    HttpSession& itself = *session;
    if (itself.connections_of_source() > limits_.connections_per_source) {
        evict(Eviction::source);  // this source has the most now
    } else if (sessions_.size() > limits_.connections) {
        evict(Eviction::total);
    }
    boost::asio::co_spawn(io_.get_executor(), itself.run(std::move(session)), end_of_session);
}

bool HttpSessionPool::evict(Eviction why) {
    const auto order = [](const HttpSession* session) {
        return std::tuple(-static_cast<std::ptrdiff_t>(session->connections_of_source()),
                          !session->answered_all(), session->waiting_since());
    };
    const auto chosen = std::ranges::min_element(sessions_, {}, order);
    if (chosen == sessions_.end()) {
        return false;
    }
    (*chosen)->close();
    counters_.eviction(why);
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

HttpSessionPool::Place HttpSessionPool::enter(HttpSession& session, const ip::address& peer) {
    const auto source = sources_.try_emplace(source_of(peer), 0).first;
    ++source->second;
    return {sessions_.insert(sessions_.end(), &session), source};
}

void HttpSessionPool::leave(Place place) {
    sessions_.erase(place.session);
    if (--place.source->second == 0) {
        sources_.erase(place.source);
    }
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
