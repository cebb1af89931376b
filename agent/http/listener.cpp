// SPDX-License-Identifier: Apache-2.0
#include "agent/http/listener.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/http/bind_listener.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <string>
#include <utility>

namespace agent {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr asio::use_awaitable_t<HttpExecutor> use_task;

/// accept(2) returns errors of the connection that was waiting; the next connection may be in
/// order. All other errors count as shortages (EMFILE, ENFILE, ENOBUFS, ENOMEM), which need a
/// pause.
constexpr std::array errors_of_the_peer{ECONNABORTED, EINTR,       EPERM,     EPROTO,
                                        ENETDOWN,     ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH,
                                        EOPNOTSUPP,   ENETUNREACH, ENONET,    ECONNRESET};

bool is_of_the_peer(const error_code& error) {
    return std::find(errors_of_the_peer.begin(), errors_of_the_peer.end(), error.value()) !=
           errors_of_the_peer.end();
}

/// A shortage may last for hours and is logged this often.
constexpr std::chrono::minutes warning_interval{1};

}  // namespace

/// Lives as long as the accepting coroutine or the listener, whichever is longer.
struct HttpListener::Accepting {
    explicit Accepting(asio::io_context& io) : acceptor(io), pause(io.get_executor()) {}

    asio::basic_socket_acceptor<tcp, HttpExecutor> acceptor;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, HttpExecutor>
        pause;
    core::BootTime warned = core::BootTime::min();

    void warn(const error_code& error) {
        const core::BootTime at = now().boot;
        if (warned == core::BootTime::min() || at - warned >= warning_interval) {
            warned = at;
            log(Priority::warning,
                "cannot accept a connection: " + error.message() +
                    "; trying again, and closing the connection that is idle longest: look at "
                    "LimitNOFILE= of the unit and at the host's memory");
        }
    }

    /// Accepts what waits, as far as one turn of the loop goes. A shortage is left to the next
    /// turn. Why: accept(2) reports it even if nothing waits, and the connection that is closed
    /// then could be one whose request is answered in the next turn.
    void accept_more(HttpSessionPool& sessions) {
        error_code error;
        for (std::size_t accepted = 1; accepted < sessions.limits().accepts_in_a_turn; ++accepted) {
            tcp::endpoint peer;
            HttpSocket socket = acceptor.accept(peer, error);
            if (!error) {
                sessions.admit(std::move(socket), peer.address());
            } else if (!is_of_the_peer(error)) {  // would_block too: nothing waits
                return;
            }
        }
    }

    static asio::awaitable<void, HttpExecutor> run(std::shared_ptr<Accepting> self,
                                                   std::shared_ptr<HttpSessionPool> sessions) {
        bool made_room = false;  // a connection was closed and none accepted since
        while (!sessions->stopping()) {
            error_code error;
            tcp::endpoint peer;
            HttpSocket socket =
                co_await self->acceptor.async_accept(peer, asio::redirect_error(use_task, error));
            if (!error) {
                made_room = false;
                sessions->admit(std::move(socket), peer.address());
                self->accept_more(*sessions);
            } else if (!sessions->stopping() && !is_of_the_peer(error)) {
                self->warn(error);
                if (!std::exchange(made_room, true) && sessions->evict(Eviction::shortage)) {
                    continue;  // its descriptor is free now
                }
                made_room = false;
                self->pause.expires_after(sessions->limits().accept_pause);
                co_await self->pause.async_wait(asio::redirect_error(use_task, error));
            }
        }
    }
};

HttpListener::HttpListener(asio::io_context& io, const HttpRoutes& routes, HttpCounters counters,
                           HttpLimits limits)
    : io_(io),
      sessions_(std::make_shared<HttpSessionPool>(io, routes, limits, std::move(counters))) {
}

HttpListener::~HttpListener() {
    stop();
}

core::Result<void> HttpListener::start(FileDescriptor bound) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        return core::system_error(errno, "cannot use", "the listening socket");
    }
    if (const auto listens = listen_on(bound.get()); !listens) {
        return listens;
    }
    const auto accepting = std::make_shared<Accepting>(io_);
    error_code error;
    accepting->acceptor.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), bound.get(),
                               error);
    if (error) {
        return core::system_error(error.value(), "cannot watch", name_of(bound.get()));
    }
    (void)bound.release();
    accepting->acceptor.non_blocking(true, error);
    // Accepted connections inherit it. An answer to a pipelined request must not wait for the ACK
    // of the one before.
    accepting->acceptor.set_option(tcp::no_delay(true), error);
    accepting_.push_back(accepting);
    asio::co_spawn(
        io_.get_executor(), Accepting::run(accepting, sessions_), [](std::exception_ptr failure) {
            if (failure) {
                std::rethrow_exception(failure);  // without accepting the host would look dead
            }
        });
    return {};
}

void HttpListener::stop() {
    sessions_->stop();
    for (const auto& accepting : accepting_) {
        // Released from the reactor first: epoll goes on reporting a closed socket that another
        // process still holds.
        error_code ignored;
        const FileDescriptor closing(accepting->acceptor.release(ignored));
        accepting->pause.cancel();
    }
    accepting_.clear();
}

}  // namespace agent
