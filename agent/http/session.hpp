// SPDX-License-Identifier: Apache-2.0
// One connection, from accept to close: one coroutine and one buffer. An answered request costs one
// read and one write and allocates nothing.
//
// Requests are answered one after another, one in a turn of the loop. More is read only after an
// answer was sent, so that a client that sends without reading delays only itself. Logs nothing,
// because load balancers and scanners open and reset connections all day. Used on the server's loop
// only.
#pragma once

#include "agent/http/session_pool.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <memory>
#include <string_view>

namespace agent {

class HttpSession {
   public:
    HttpSession(std::shared_ptr<HttpSessionPool> sessions, HttpSocket socket,
                const boost::asio::ip::address& peer);
    ~HttpSession();
    HttpSession(const HttpSession&) = delete;
    HttpSession& operator=(const HttpSession&) = delete;

    template <class T>
    using Task = boost::asio::awaitable<T, HttpExecutor>;

    /// Serves the connection to its end; `self` keeps this alive until then.
    [[nodiscard]] Task<void> run(std::shared_ptr<HttpSession> self);

    /// When the current wait must end.
    [[nodiscard]] core::BootTime deadline() const { return deadline_; }

    /// To be called when the deadline has passed: ends the current wait.
    void expire();

    /// Closes at once, without an answer, and leaves the pool.
    void close();

    /// The time of the last answer, or of the connection before the first one.
    [[nodiscard]] core::BootTime waiting_since() const { return waiting_since_; }

    /// The last answer was sent, and only the client's side is still open.
    [[nodiscard]] bool answered_all() const { return waiting_ == Waiting::close; }

    /// Of this session's source, this one included. Only before close().
    [[nodiscard]] std::size_t connections_of_source() const { return place_.source->second; }

    /// Between two requests, and no byte of the next has been received.
    [[nodiscard]] bool idle() const {
        return waiting_ == Waiting::next_request && buffer_.size() == 0;
    }

   private:
    enum class Waiting { first_request, next_request, header, client, close };

    [[nodiscard]] Task<bool> send_rest(HttpAnswer answer, std::size_t sent);
    [[nodiscard]] Task<void> linger();

    void receive_now();
    [[nodiscard]] ParseResult parse();
    [[nodiscard]] HttpAnswer answer_to(const ParseResult& parsed, core::BootTime at) const;
    [[nodiscard]] std::string_view received() const;
    [[nodiscard]] boost::asio::mutable_buffer prepare_to_receive();
    [[nodiscard]] bool send_now(std::string_view bytes, std::size_t& sent);
    void answered(std::size_t consumed, core::BootTime at);
    void wait(Waiting what, core::BootTime deadline);
    void leave();

    std::shared_ptr<HttpSessionPool> sessions_;
    HttpSocket socket_;
    boost::beast::flat_buffer buffer_;
    std::size_t scanned_ = 0;          ///< bytes of the buffer searched for a header's end
    std::size_t answers_ = 0;          ///< to whole requests
    bool proxy_header_known_ = false;  ///< it was skipped, or there is none
    Waiting waiting_ = Waiting::first_request;
    core::BootTime waiting_since_;
    core::BootTime deadline_;
    bool expired_ = false;
    bool entered_ = true;
    HttpSessionPool::Place place_;
};

}  // namespace agent
