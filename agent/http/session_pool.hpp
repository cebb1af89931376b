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
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string_view>

namespace agent {

/// Why: the type-erased executor costs a few per cent of the requests per second.
using HttpExecutor = boost::asio::io_context::executor_type;
using HttpSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, HttpExecutor>;

class HttpSession;

/// Why a connection was closed to make room for another.
enum class Eviction { source, total, shortage };
inline constexpr std::array evictions{Eviction::source, Eviction::total, Eviction::shortage};
[[nodiscard]] std::string_view to_string(Eviction why);

/// What the connections of a peer count for: its IPv4 address, or the /64 network of its IPv6
/// address.
[[nodiscard]] boost::asio::ip::address source_of(const boost::asio::ip::address& peer);

struct HttpCounters {
    std::function<void(Route route, int status)> answer;  ///< called once for each answer
    std::function<void(Eviction why)> eviction;
};

class HttpSessionPool : public std::enable_shared_from_this<HttpSessionPool> {
   public:
    /// `routes` must outlive the io_context's last handler.
    HttpSessionPool(boost::asio::io_context& io, const HttpRoutes& routes, HttpLimits limits,
                    HttpCounters counters);

    /// Serves an accepted connection to its end. Closes another one if there are too many of its
    /// source or in total.
    void admit(HttpSocket socket, const boost::asio::ip::address& peer);

    /// Closes, of the source with the most connections, the one that has gone longest without an
    /// answered request; false if there is no connection.
    bool evict(Eviction why);

    /// Closes the idle sessions. The others end after their pending answer; one without a request
    /// yet may still send it within header_time.
    void stop();

    [[nodiscard]] bool stopping() const { return stopping_; }
    [[nodiscard]] std::size_t size() const { return sessions_.size(); }
    [[nodiscard]] const HttpLimits& limits() const { return limits_; }
    [[nodiscard]] const HttpRoutes& routes() const { return routes_; }
    void count(const HttpAnswer& answer) const { counters_.answer(answer.route, answer.status); }

    // For sessions.
    using Sources = std::map<boost::asio::ip::address, std::size_t>;  ///< number of connections
    struct Place {
        std::list<HttpSession*>::iterator session;
        Sources::iterator source;
    };
    [[nodiscard]] Place enter(HttpSession& session, const boost::asio::ip::address& peer);
    void leave(Place place);

    /// Checks the deadlines at `deadline` at the latest. To be called when a session sets one.
    void check_deadlines_by(core::BootTime deadline);

   private:
    void check_deadlines();

    boost::asio::io_context& io_;
    const HttpRoutes& routes_;
    const HttpLimits limits_;
    HttpCounters counters_;
    std::list<HttpSession*> sessions_;
    Sources sources_;
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>,
                                      HttpExecutor>
        timer_;
    core::BootTime next_check_ = core::BootTime::max();  ///< max: the timer is not set
    bool stopping_ = false;
};

}  // namespace agent
