// SPDX-License-Identifier: Apache-2.0
#include "agent/clients/imds_client.hpp"

#include "agent/clients/deadline.hpp"
#include "agent/clients/imds_response.hpp"
#include "core/base/excerpt.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <utility>

namespace agent {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using core::Errc;
using core::Error;

namespace {

constexpr std::string_view scheme = "http://";
constexpr const char* token_path = "/latest/api/token";
constexpr const char* token_ttl_header = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr const char* token_header = "X-aws-ec2-metadata-token";

bool waiting_may_cure(Errc code) {
    return code == Errc::refused || code == Errc::unavailable || code == Errc::timed_out;
}

Errc errc_of(const error_code& error) {
    constexpr std::array cut{http::error::end_of_stream, http::error::partial_message};
    if (std::ranges::any_of(cut, [&](http::error value) { return error == value; }) ||
        error == asio::error::eof || error == asio::error::network_unreachable ||
        error == asio::error::host_unreachable) {
        return Errc::unavailable;
    }
    if (error.category() == http::make_error_code(http::error::bad_version).category()) {
        return Errc::malformed;
    }
    return core::errc_from_errno(error.value());
}

std::string describe(const tcp::endpoint& endpoint) {
    std::ostringstream text;
    text << scheme << endpoint;
    return text.str();
}

}  // namespace

core::Result<tcp::endpoint> parse_imds_endpoint(std::string_view text) {
    const Error malformed{Errc::malformed,
                          "read the metadata service's address " + core::excerpt(text) +
                              ": wanted is http://<IPv4 address or [IPv6 address]>[:port]"};
    if (!text.starts_with(scheme)) {
        return malformed;
    }
    const std::string_view authority = text.substr(scheme.size());
    const bool v6 = authority.starts_with('[');
    const std::size_t end =
        std::min(v6 ? authority.find(']') : authority.find(':'), authority.size());
    if (v6 && end == authority.size()) {
        return malformed;
    }
    const std::string_view host = v6 ? authority.substr(1, end - 1) : authority.substr(0, end);
    std::string_view rest = authority.substr(v6 ? end + 1 : end);

    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error || address.is_v6() != v6) {
        return malformed;
    }
    std::uint16_t port = 80;
    if (!rest.empty()) {
        const char* const last = rest.data() + rest.size();
        const auto parsed = std::from_chars(rest.data() + 1, last, port);
        if (rest.front() != ':' || parsed.ec != std::errc{} || parsed.ptr != last || port == 0) {
            return malformed;
        }
    }
    return tcp::endpoint(address, port);
}

struct ImdsClient::Question {
    http::verb verb;
    const std::string& path;
    const char* header;
    std::string value;
};

ImdsClient::ImdsClient(asio::any_io_executor executor, tcp::endpoint endpoint, ImdsPolicy policy)
    : executor_(std::move(executor)),
      endpoint_(std::move(endpoint)),
      policy_(policy),
      name_(describe(endpoint_)),
      random_(std::random_device{}()) {
}

asio::awaitable<core::Result<std::string>> ImdsClient::fetch(std::string path) {
    const TimePoint until = std::chrono::steady_clock::now() + policy_.overall;
    asio::steady_timer timer(executor_);
    for (int tries = 1;; ++tries) {
        core::Result<std::string> body = co_await attempt(path, until);
        if (body) {
            co_return body;
        }
        Error error = body.error();
        error.message = "ask " + name_ + " for " + path + ": " + error.message;
        if (!waiting_may_cure(error.code)) {
            co_return error;
        }
        timer.expires_after(pause_after(tries));
        if (tries >= policy_.attempts || timer.expiry() >= until) {
            error.message +=
                "; gave up after " + std::to_string(tries) + (tries == 1 ? " try" : " tries");
            co_return error;
        }
        error_code ignored;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<core::Result<std::string>> ImdsClient::attempt(const std::string& path,
                                                               TimePoint until) {
    // A cached token may have expired: its refusal buys one new token, a second refusal is final.
    for (bool fresh = false;; fresh = true) {
        if (token_.empty()) {
            core::Result<void> renewed = co_await renew_token(until);
            if (!renewed) {
                co_return renewed.error();
            }
            fresh = true;
        }
        const Question question{http::verb::get, path, token_header, token_};
        core::Result<ImdsAnswer> answer = co_await ask(question, until);
        if (!answer) {
            co_return answer.error();
        }
        if (answer->status == 401) {
            token_.clear();
        }
        if (answer->status != 401 || fresh) {
            co_return item_in(std::move(*answer));
        }
    }
}

asio::awaitable<core::Result<void>> ImdsClient::renew_token(TimePoint until) {
    const std::string path = token_path;
    const Question question{http::verb::put, path, token_ttl_header,
                            std::to_string(policy_.token_ttl.count())};
    core::Result<ImdsAnswer> answer = co_await ask(question, until);
    core::Result<std::string> token = answer ? token_in(std::move(*answer)) : answer.error();
    if (token) {
        token_ = std::move(*token);
        co_return core::Result<void>{};
    }
    Error error = token.error();
    error.message = "no session token: " + error.message;
    if (error.code == Errc::timed_out) {
        error.message +=
            " (in a container, the instance's hop limit for metadata answers must be at least 2)";
    }
    co_return error;
}

asio::awaitable<core::Result<ImdsAnswer>> ImdsClient::ask(const Question& question,
                                                          TimePoint until) {
    tcp::socket socket(executor_);
    const auto close = [&socket] {
        error_code ignored;
        socket.close(ignored);
    };
    const Deadline deadline(
        executor_, std::min(until, std::chrono::steady_clock::now() + policy_.attempt), close);

    http::request<http::empty_body> request(question.verb, question.path, 11);
    request.set(http::field::host, std::string_view(name_).substr(scheme.size()));
    request.set(question.header, question.value);
    request.keep_alive(false);
    request.prepare_payload();

    boost::beast::flat_buffer buffer(policy_.header_limit + policy_.body_limit);
    ImdsParser parser(policy_.header_limit, policy_.body_limit);

    error_code error;
    const char* action = "connect";
    co_await socket.async_connect(endpoint_, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
        action = "send the request";
        co_await http::async_write(socket, request,
                                   asio::redirect_error(asio::use_awaitable, error));
    }
    if (!error) {
        action = "read the answer";
        co_await http::async_read(socket, buffer, parser,
                                  asio::redirect_error(asio::use_awaitable, error));
    }
    if (deadline.expired()) {
        co_return Error{Errc::timed_out, std::string(action) + ": no end within the deadline"};
    }
    if (error) {
        co_return Error{errc_of(error), std::string(action) + ": " + error.message()};
    }
    co_return parser.take();
}

std::chrono::milliseconds ImdsClient::pause_after(int attempt) {
    auto pause = policy_.first_pause;
    for (int i = 1; i < attempt && pause < policy_.longest_pause; ++i) {
        pause *= 2;
    }
    pause = std::min(pause, policy_.longest_pause);
    const auto half = pause / 2;
    std::uniform_int_distribution<std::chrono::milliseconds::rep> random(0, half.count());
    return half + std::chrono::milliseconds(random(random_));
}

}  // namespace agent
