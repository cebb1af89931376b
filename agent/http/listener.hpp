// SPDX-License-Identifier: Apache-2.0
// Accepts connections and never stops because of an error. After an error of the peer it accepts at
// once; after a shortage it closes a connection or pauses first. Used on the server's loop only.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/http/session_pool.hpp"
#include "core/base/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>

#include <memory>
#include <vector>

namespace agent {

class HttpListener {
   public:
    /// `routes` must outlive the io_context's last handler.
    HttpListener(boost::asio::io_context& io, const HttpRoutes& routes, HttpCounters counters,
                 HttpLimits limits = {});
    ~HttpListener();
    HttpListener(const HttpListener&) = delete;
    HttpListener& operator=(const HttpListener&) = delete;

    /// Listens on a bound socket (agent/http/bind_listener.hpp), unless it listens already, and
    /// accepts. To be called once for each socket.
    [[nodiscard]] core::Result<void> start(FileDescriptor bound);

    /// Stops accepting and closes idle connections. The others get their answer, with "Connection:
    /// close". connections() is 0 when all have ended; it counts a connection that was accepted
    /// just before once the handlers that are ready have run. The sockets are closed and not shut
    /// down, so that connections wait in the copy of another process (the service manager).
    void stop();

    [[nodiscard]] std::size_t connections() const { return sessions_->size(); }

   private:
    struct Accepting;

    boost::asio::io_context& io_;
    std::shared_ptr<HttpSessionPool> sessions_;
    std::vector<std::shared_ptr<Accepting>> accepting_;
};

}  // namespace agent
