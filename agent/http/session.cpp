// SPDX-License-Identifier: Apache-2.0
#include "agent/http/session.hpp"

#include "agent/base/clock.hpp"
#include "agent/http/proxy_header.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>

namespace agent {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr asio::use_awaitable_t<HttpExecutor> use_task;

/// A health checker's request fits; the buffer grows for longer ones.
constexpr std::size_t read_size = 1024;

}  // namespace

HttpSession::HttpSession(std::shared_ptr<HttpSessionPool> sessions, HttpSocket socket,
                         const asio::ip::address& peer)
    : sessions_(std::move(sessions)),
      socket_(std::move(socket)),
      buffer_(std::max(sessions_->limits().header_bytes, proxy_header_limit)),
      waiting_since_(now().boot),
      place_(sessions_->enter(*this, peer)) {
    wait(Waiting::first_request, waiting_since_ + sessions_->limits().header_time);
}

HttpSession::~HttpSession() {
    leave();
}

HttpSession::Task<void> HttpSession::run(std::shared_ptr<HttpSession> /*self*/) {
    error_code error;
    receive_now();
    for (;;) {
        const ParseResult parsed = parse();
        if (parsed.state == ParseState::incomplete && !expired_) {
            const asio::mutable_buffer space = prepare_to_receive();
            const std::size_t size =
                co_await socket_.async_read_some(space, asio::redirect_error(use_task, error));
            buffer_.commit(size);
            if (error && !expired_) {
                co_return;
            }
            continue;
        }
        if (expired_ && buffer_.size() == 0) {
            co_return;
        }
        const core::BootTime at = now().boot;
        const HttpAnswer answer = answer_to(parsed, at);
        sessions_->count(answer);
        std::size_t sent = 0;
        if (!send_now(answer.bytes.view(), sent) && !co_await send_rest(answer, sent)) {
            co_return;
        }
        if (!answer.keep_alive) {
            co_await linger();
            co_return;
        }
        answered(parsed.consumed, at);
        if (buffer_.size() > 0) {  // requests of other connections come first
            co_await asio::post(socket_.get_executor(), use_task);
        }
        if (!entered_ || (sessions_->stopping() && buffer_.size() == 0)) {
            co_return;
        }
    }
}

/// Why: a request that came with the connection is answered before another connection is accepted,
/// which could close this one.
void HttpSession::receive_now() {
    error_code error;
    socket_.non_blocking(true, error);
    buffer_.commit(socket_.read_some(prepare_to_receive(), error));
}

ParseResult HttpSession::parse() {
    if (!proxy_header_known_) {
        const ProxyHeader header = parse_proxy_header(received());
        if (header.state != ParseState::complete) {
            return {header.state, 0, {}};
        }
        proxy_header_known_ = true;
        buffer_.consume(header.size);
    }
    return parse_request(received(), scanned_, sessions_->limits().header_bytes);
}

HttpAnswer HttpSession::answer_to(const ParseResult& parsed, core::BootTime at) const {
    switch (parsed.state) {
        case ParseState::complete: {
            HttpRequest request = parsed.request;
            const bool is_last = answers_ + 1 >= sessions_->limits().requests;
            request.keep_alive = request.keep_alive && !is_last && !sessions_->stopping();
            return sessions_->routes().answer(request, at);
        }
        case ParseState::malformed: return sessions_->routes().answer(HttpFault::malformed);
        case ParseState::malformed_proxy:
            return sessions_->routes().answer(HttpFault::malformed_proxy);
        case ParseState::too_large: return sessions_->routes().answer(HttpFault::too_large);
        case ParseState::incomplete: break;
    }
    return sessions_->routes().answer(HttpFault::timed_out);
}

std::string_view HttpSession::received() const {
    return {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
}

asio::mutable_buffer HttpSession::prepare_to_receive() {
    if (waiting_ == Waiting::next_request && buffer_.size() > 0) {
        wait(Waiting::header, now().boot + sessions_->limits().header_time);
    }
    return buffer_.prepare(std::min(read_size, buffer_.max_size() - buffer_.size()));
}

/// True if all bytes were sent at once, as nearly always.
bool HttpSession::send_now(std::string_view bytes, std::size_t& sent) {
    error_code error;
    sent = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    return !error && sent == bytes.size();
}

HttpSession::Task<bool> HttpSession::send_rest(HttpAnswer answer, std::size_t sent) {
    error_code error;
    wait(Waiting::client, now().boot + sessions_->limits().write_time);
    const asio::const_buffer rest =
        asio::buffer(answer.bytes.view().data(), answer.bytes.view().size()) + sent;
    co_await asio::async_write(socket_, rest, asio::redirect_error(use_task, error));
    co_return !error;
}

HttpSession::Task<void> HttpSession::linger() {
    error_code error;
    socket_.shutdown(HttpSocket::shutdown_send, error);
    wait(Waiting::close, now().boot + sessions_->limits().linger_time);
    while (!error && !expired_) {
        buffer_.clear();
        const asio::mutable_buffer space = buffer_.prepare(std::min(read_size, buffer_.max_size()));
        co_await socket_.async_read_some(space, asio::redirect_error(use_task, error));
    }
}

void HttpSession::answered(std::size_t consumed, core::BootTime at) {
    buffer_.consume(consumed);
    scanned_ = 0;
    ++answers_;
    waiting_since_ = at;
    wait(Waiting::next_request, at + sessions_->limits().idle_time);
}

void HttpSession::wait(Waiting what, core::BootTime deadline) {
    waiting_ = what;
    deadline_ = deadline;
    expired_ = false;
    sessions_->check_deadlines_by(deadline);
}

void HttpSession::expire() {
    error_code ignored;
    expired_ = true;
    deadline_ = core::BootTime::max();
    socket_.cancel(ignored);
}

void HttpSession::close() {
    error_code ignored;
    leave();
    socket_.close(ignored);
}

void HttpSession::leave() {
    if (std::exchange(entered_, false)) {
        sessions_->leave(place_);
    }
}

}  // namespace agent
