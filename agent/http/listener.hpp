// SPDX-License-Identifier: Apache-2.0
// Accepts connections and never gives up accepting: an error of accept(2) is either the peer's (go
// on) or a shortage (free a descriptor, pause, go on).
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
    /// `routes` must outlive the io_context's last handler. `count` is called once for each answer.
    HttpListener(boost::asio::io_context& io, const HttpRoutes& routes, AnswerCounter count,
                 HttpLimits limits = {});
    ~HttpListener();
    HttpListener(const HttpListener&) = delete;
    HttpListener& operator=(const HttpListener&) = delete;

    /// Takes a socket that is bound (agent/http/bind_listener.hpp) or already listening, listens
    /// and accepts. Once for each.
    [[nodiscard]] core::Result<void> start(FileDescriptor bound);

    /// Accepts no more and closes the connections on which nothing is under way; the others get
    /// their answer, with "Connection: close". connections() tells when all are gone; one that was
    /// accepted just before is among them when the handlers that are ready have run. The sockets
    /// are closed and not shut down: what waits in one of which another process has a copy (the
    /// service manager) goes on waiting.
    void stop();

    [[nodiscard]] std::size_t connections() const { return sessions_->size(); }

   private:
    struct Accepting;

    boost::asio::io_context& io_;
    std::shared_ptr<HttpSessionPool> sessions_;
    std::vector<std::shared_ptr<Accepting>> accepting_;
};

}  // namespace agent
