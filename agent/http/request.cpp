// SPDX-License-Identifier: Apache-2.0
#include "agent/http/request.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <functional>

namespace agent {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

/// Beast's parser without its container of fields, which allocates for each of them.
class HeaderParser final : public http::basic_parser<true> {
   public:
    explicit HeaderParser(std::string_view header) : header_(header) {}

    HttpRequest request;
    bool transfer_encoded = false;

   private:
    void on_request_impl(http::verb method, boost::beast::string_view,
                         boost::beast::string_view target, int, error_code&) override {
        if (method == http::verb::get || method == http::verb::head) {
            request.method = method == http::verb::get ? HttpMethod::get : HttpMethod::head;
        } else {
            request.method = HttpMethod::other;
        }
        request.target = {target.data(), target.size()};
    }
    void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
    void on_field_impl(http::field name, boost::beast::string_view, boost::beast::string_view value,
                       error_code&) override {
        transfer_encoded |= name == http::field::transfer_encoding;
        if (name == http::field::accept) {
            keep_first(request.accept, value);
        } else if (name == http::field::accept_encoding) {
            keep_first(request.accept_encoding, value);
        }
    }
    /// A value that is folded over lines (obs-fold; no client sends that) counts as empty, because
    /// the parser's buffer for it does not outlive this call.
    void keep_first(std::string_view& kept, boost::beast::string_view value) const {
        if (kept.data() != nullptr) {
            return;
        }
        const std::less_equal<> not_after;
        const bool in_header =
            not_after(header_.data(), value.data()) &&
            not_after(value.data() + value.size(), header_.data() + header_.size());
        kept = in_header ? std::string_view(value.data(), value.size()) : header_.substr(0, 0);
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(boost::beast::string_view body, error_code&) override {
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body,
                                   error_code&) override {
        return body.size();
    }
    void on_finish_impl(error_code&) override {}

    std::string_view header_;
};

constexpr std::string_view header_end = "\r\n\r\n";

std::size_t empty_lines(std::string_view bytes) {
    std::size_t size = 0;
    while (bytes.substr(size, 2) == "\r\n") {
        size += 2;
    }
    return size;
}

/// RFC 9110, 5.6.2: the characters of a method.
bool is_token_character(char c) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
}

bool may_become_a_request(std::string_view bytes) {
    if (bytes.empty() || bytes == "\r") {
        return true;
    }
    const std::size_t line_feed = bytes.find('\n');
    const bool bare =
        line_feed != std::string_view::npos && (line_feed == 0 || bytes[line_feed - 1] != '\r');
    return is_token_character(bytes.front()) && !bare;
}

ParseResult parse_header(std::string_view header) {
    HeaderParser parser(header);
    parser.header_limit(static_cast<std::uint32_t>(header.size() + 1));
    parser.body_limit(boost::none);
    error_code error;
    parser.put(boost::asio::buffer(header.data(), header.size()), error);
    if (error || !parser.is_header_done()) {
        return {ParseState::malformed, 0, {}};
    }
    const bool body_follows = !parser.is_done() || parser.transfer_encoded;
    parser.request.keep_alive = parser.keep_alive() && !body_follows;
    return {ParseState::complete, 0, parser.request};
}

}  // namespace

ParseResult parse_request(std::string_view bytes, std::size_t& scanned, std::size_t limit) {
    const std::size_t begin = empty_lines(bytes);
    const std::size_t end = bytes.find(header_end, std::max(begin, scanned));
    if (end == std::string_view::npos) {
        scanned = bytes.size() < header_end.size() ? 0 : bytes.size() - (header_end.size() - 1);
        if (!may_become_a_request(bytes.substr(begin))) {
            return {ParseState::malformed, 0, {}};
        }
        return {bytes.size() >= limit ? ParseState::too_large : ParseState::incomplete, 0, {}};
    }
    const std::size_t size = end + header_end.size();
    if (size > limit) {
        return {ParseState::too_large, 0, {}};
    }
    ParseResult result = parse_header(bytes.substr(begin, size - begin));
    if (result.state == ParseState::complete) {
        result.consumed = size;
    }
    return result;
}

}  // namespace agent
