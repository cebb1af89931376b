// SPDX-License-Identifier: Apache-2.0
// One connection, from accept to close: one coroutine, one buffer. An answered request costs a read
// and a write; while the connection is kept nothing is allocated for it.
//
// Requests are answered one after another; more is read only when an answer has been taken, so a
// client that sends without reading holds itself up and nobody else. Says nothing in the log: load
// balancers and scanners open connections and close or reset them all day.
#pragma once

#include "agent/http/session_pool.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <memory>
#include <string_view>

namespace agent {

class HttpSession {
   public:
    HttpSession(std::shared_ptr<HttpSessionPool> sessions, HttpSocket socket);
    ~HttpSession();
    HttpSession(const HttpSession&) = delete;
    HttpSession& operator=(const HttpSession&) = delete;

    template <class T>
    using Task = boost::asio::awaitable<T, HttpExecutor>;

    /// The whole life of the connection; `self` keeps this alive for it.
    [[nodiscard]] Task<void> run(std::shared_ptr<HttpSession> self);

    /// When what is being waited for must have come.
    [[nodiscard]] core::BootTime deadline() const { return deadline_; }

    /// The deadline has passed: whatever is awaited ends now.
    void expire();

    /// At once and without an answer. No longer counted from here on.
    void close();

    /// The last answer, or the connection if there was none.
    [[nodiscard]] core::BootTime waiting_since() const { return waiting_since_; }

    /// Between two requests.
    [[nodiscard]] bool idle() const { return waiting_ == Waiting::next_request; }

   private:
    enum class Waiting { first_request, next_request, header, client };

    [[nodiscard]] Task<bool> send_rest(HttpAnswer answer, std::size_t sent);
    [[nodiscard]] Task<void> linger();

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
    std::size_t scanned_ = 0;  ///< how far the buffer has been looked through for a header's end
    Waiting waiting_ = Waiting::first_request;
    core::BootTime waiting_since_;
    core::BootTime deadline_;
    bool expired_ = false;
    bool entered_ = true;
    HttpSessionPool::Place place_;
};

}  // namespace agent
