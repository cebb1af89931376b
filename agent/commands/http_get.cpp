// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/http_get.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <optional>

namespace agent {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr std::chrono::seconds patience{5};
constexpr std::uint64_t body_limit = 4 * 1024 * 1024;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Where a listener of that address is reached from this host.
asio::ip::tcp::endpoint reach(const core::Settings::Listen& listen) {
    boost::system::error_code ignored;  // the settings are validated: it is an IP literal
    asio::ip::address address = asio::ip::make_address(listen.address, ignored);
    if (address.is_unspecified()) {
        address = asio::ip::address_v4::loopback();  // "::" listens on both families
    }
    return {address, listen.port};
}

core::Error failed(const boost::system::error_code& error, const std::string& url) {
    if (error == beast::error::timeout) {
        return {core::Errc::timed_out, "get " + url + ": no answer within 5 s"};
    }
    if (error == asio::error::connection_refused) {
        return {
            core::Errc::refused,
            "get " + url +
                ": connection refused; is the agent running? (systemctl status postfix-elb-agent)"};
    }
    const bool http_error =
        error.category() == http::make_error_code(http::error::bad_version).category();
    return {http_error ? core::Errc::malformed : core::Errc::unavailable,
            "get " + url + ": " + error.message()};
}

asio::awaitable<core::Result<std::string>> get(asio::ip::tcp::endpoint endpoint, std::string path) {
    const std::string host = endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
    const std::string url = "http://" + host + path;
    beast::tcp_stream stream(co_await asio::this_coro::executor);
    stream.expires_after(patience);
    auto connected = co_await stream.async_connect(endpoint, as_result);
    if (const auto error = std::get<0>(connected)) {
        co_return failed(error, url);
    }
    http::request<http::empty_body> request(http::verb::get, path, 11);
    request.set(http::field::host, host);
    request.set(http::field::connection, "close");
    auto written = co_await http::async_write(stream, request, as_result);
    if (const auto error = std::get<0>(written)) {
        co_return failed(error, url);
    }
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(body_limit);
    auto read = co_await http::async_read(stream, buffer, parser, as_result);
    if (const auto error = std::get<0>(read)) {
        co_return failed(error, url);
    }
    co_return parser.release().body();
}

}  // namespace

core::Result<std::string> get_from_agent(const core::Settings::Listen& listen,
                                         const std::string& path) {
    asio::io_context io;
    core::Result<std::string> result = core::Error{core::Errc::other, "not asked"};
    const auto task = [&result, &listen, &path]() -> asio::awaitable<void> {
        result = co_await get(reach(listen), path);
    };
    asio::co_spawn(io, task, asio::detached);
    io.run();
    return result;
}

}  // namespace agent
