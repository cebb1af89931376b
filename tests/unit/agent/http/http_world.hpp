// SPDX-License-Identifier: Apache-2.0
// A real listener on loopback and raw clients of it, all in one thread: the test steps the loop
// until what it waits for has happened, or a deadline has passed.
#pragma once

#include "agent/base/clock.hpp"
#include "agent/base/file_descriptor.hpp"
#include "agent/http/bind_listener.hpp"
#include "agent/http/listener.hpp"
#include "agent/http/routes.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace agent {

inline PublishedAnswers make_test_answers(int health_status, std::string_view word) {
    const auto body = [&](std::string_view name) {
        const std::string text = std::string(name) + " " + std::string(word);
        return PublishedAnswers::Body{{health_status, content_type::health, text},
                                      {health_status, content_type::health, "pretty " + text}};
    };
    PublishedAnswers answers;
    answers.health = body("health");
    answers.ready = body("ready");
    for (const core::Check check : core::all_checks()) {
        answers.checks[static_cast<std::size_t>(check)] = body(to_string(check));
    }
    answers.index = PreparedResponse(200, content_type::text, "index");
    answers.make_page = [] { return PreparedResponse(200, content_type::html, "<p>index</p>"); };
    answers.expires = core::BootTime::max();
    return answers;
}

/// A TCP client without any help: what is written here goes out, what came in is in received().
class RawClient {
   public:
    /// `host`: it connects from 127.0.0.<host>.
    explicit RawClient(std::uint16_t port, int receive_buffer = 0, std::uint32_t host = 1)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (receive_buffer > 0) {
            ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                         sizeof receive_buffer);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
                  0);
    }

    /// As much as goes without waiting; the number of bytes.
    std::size_t send(std::string_view bytes) {
        const ssize_t size =
            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        return size > 0 ? static_cast<std::size_t>(size) : 0;
    }
    void half_close() { ::shutdown(socket_.get(), SHUT_WR); }
    void hang_up() { socket_.reset(); }
    void reset_connection() {
        const linger at_once{1, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        socket_.reset();
    }

    /// Takes what has come.
    const std::string& received() {
        char bytes[65536];
        for (;;) {
            const ssize_t size = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
            if (size > 0) {
                received_.append(bytes, static_cast<std::size_t>(size));
                continue;
            }
            ended_ = ended_ || size == 0;
            was_reset_ = was_reset_ || (size < 0 && errno == ECONNRESET);
            return received_;
        }
    }
    bool ended() {
        static_cast<void>(received());
        return ended_ || was_reset_;
    }
    bool ended_cleanly() {
        static_cast<void>(received());
        return ended_ && !was_reset_;
    }
    bool got(std::string_view text) { return received().find(text) != std::string::npos; }
    void forget() { received_.clear(); }

   private:
    FileDescriptor socket_;
    std::string received_;
    bool ended_ = false;
    bool was_reset_ = false;
};

class HttpWorld {
   public:
    explicit HttpWorld(HttpLimits limits = {})
        : routes([](core::ExpositionFormat) { return std::string("answer 42\n"); }),
          listener(std::make_unique<HttpListener>(
              io, routes,
              HttpCounters{[this](Route route, int status) {
                               ++counts[{std::string(route_path(route)), status}];
                           },
                           [this](Eviction why) { ++evicted[why]; }},
              limits)) {
        auto bound = bind_listener("127.0.0.1", 0);
        EXPECT_TRUE(bound) << bound.error().message;
        sockaddr_in address{};
        socklen_t size = sizeof address;
        ::getsockname(bound->get(), reinterpret_cast<sockaddr*>(&address), &size);
        port = ntohs(address.sin_port);
        const auto started = listener->start(std::move(*bound));
        EXPECT_TRUE(started) << started.error().message;
        routes.publish(make_test_answers(200, "fine"));
    }

    RawClient connect(int receive_buffer = 0) { return RawClient(port, receive_buffer); }
    RawClient connect_from(std::uint32_t host) { return RawClient(port, 0, host); }

    /// Steps the loop until the condition holds; false if it does not within five seconds.
    template <class Condition>
    bool until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) {
                return false;
            }
            io.restart();
            io.run_one_for(std::chrono::milliseconds(2));
        }
        return true;
    }

    /// Everything that is ready now, and nothing more.
    void settle() {
        for (int i = 0; i < 20; ++i) {
            io.restart();
            io.poll();
        }
    }

    /// Sends a request on a connection of its own, with "Connection: close", and waits for the end.
    std::string ask(std::string_view request_line,
                    std::string_view fields = "Connection: close\r\n") {
        RawClient client = connect();
        client.send(std::string(request_line) + "\r\n" + std::string(fields) + "\r\n");
        EXPECT_TRUE(until([&] { return client.ended(); })) << request_line;
        EXPECT_TRUE(client.ended_cleanly()) << "the connection was reset";
        return client.received();
    }

    boost::asio::io_context io{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
    HttpRoutes routes;
    std::unique_ptr<HttpListener> listener;
    std::map<std::pair<std::string, int>, int> counts;
    std::map<Eviction, int> evicted;
    std::uint16_t port = 0;
};

}  // namespace agent
