// SPDX-License-Identifier: Apache-2.0
// Bytes of a stranger to an answer: what a connection does with them, without the connection. The
// same bytes in one piece and in two must mean the same.
#include "agent/http/proxy_header.hpp"
#include "agent/http/request.hpp"
#include "agent/http/routes.hpp"
#include "core/exposition/media_type.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

constexpr std::size_t limit = 512;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

agent::HttpRoutes make_routes() {
    agent::HttpRoutes routes([](core::ExpositionFormat) { return std::string("answer 42\n"); });
    agent::PublishedAnswers answers;
    answers.expires = core::BootTime::max();
    const agent::PublishedAnswers::Body page{{200, agent::content_type::health, "{}"},
                                             {200, agent::content_type::health, "{ }"}};
    answers.health = page;
    answers.ready = page;
    answers.checks.fill(page);
    answers.index = page.compact;
    answers.make_page = [page] { return page.pretty; };
    routes.publish(std::move(answers));
    return routes;
}

void check_answer(const agent::HttpRoutes& routes, const agent::HttpRequest& request) {
    const agent::HttpAnswer answer = routes.answer(request, core::BootTime(0));
    require(answer.bytes.view().starts_with("HTTP/1.1 "));
    require(answer.route < agent::route_count);
    require(answer.keep_alive == request.keep_alive);
    require(answer.status == 200 || answer.status == 400 || answer.status == 404 ||
            answer.status == 405);
    require((answer.status == 200 || answer.status == 405) == (answer.route != agent::other_route));
}

/// What a client says it can read decides which metrics it gets, and never whether.
void check_negotiation(const agent::HttpRoutes& routes, std::string_view accept,
                       std::string_view accept_encoding) {
    const agent::HttpRequest request{agent::HttpMethod::get, "/metrics", true, accept,
                                     accept_encoding};
    const std::string_view answer = routes.answer(request, core::BootTime(0)).bytes.view();
    require(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: "));
    const bool packed = answer.find("\r\nContent-Encoding: gzip\r\n") != std::string_view::npos;
    require(packed == core::wants_gzip(accept_encoding));
    require(packed != answer.ends_with("\r\n\r\nanswer 42\n"));
}

/// The bytes that follow a header of the PROXY protocol; all of them if there is none.
std::string_view after_proxy_header(std::string_view bytes) {
    const agent::ProxyHeader header = agent::parse_proxy_header(bytes);
    require(header.state == agent::ParseState::complete || header.size == 0);
    require(header.size <= bytes.size() && header.size <= agent::proxy_header_limit);
    require(header.state != agent::ParseState::incomplete ||
            bytes.size() < agent::proxy_header_limit);
    for (std::size_t size = 0; size < header.size; ++size) {
        require(agent::parse_proxy_header(bytes.substr(0, size)).state ==
                agent::ParseState::incomplete);
    }
    if (header.size > 0) {
        require(agent::parse_proxy_header(bytes.substr(0, header.size)).size == header.size);
    }
    return bytes.substr(header.size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const agent::HttpRoutes routes = make_routes();
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_answer(routes, {agent::HttpMethod::get, bytes, true});
    check_negotiation(routes, bytes, bytes);
    bytes = after_proxy_header(bytes);
    for (;;) {
        std::size_t scanned = 0;
        const agent::ParseResult whole = agent::parse_request(bytes, scanned, limit);
        if (whole.state != agent::ParseState::complete) {
            require(whole.consumed == 0);
            return 0;
        }
        require(whole.consumed > 0 && whole.consumed <= limit && whole.consumed <= bytes.size());
        std::size_t scanned_in_pieces = 0;
        const auto half =
            agent::parse_request(bytes.substr(0, whole.consumed / 2), scanned_in_pieces, limit);
        if (half.state == agent::ParseState::incomplete) {
            const auto rest = agent::parse_request(bytes, scanned_in_pieces, limit);
            require(rest.state == whole.state && rest.consumed == whole.consumed);
            require(rest.request.target == whole.request.target);
            require(rest.request.accept == whole.request.accept);
            require(rest.request.accept_encoding == whole.request.accept_encoding);
        }
        check_answer(routes, whole.request);
        check_negotiation(routes, whole.request.accept, whole.request.accept_encoding);
        bytes.remove_prefix(whole.consumed);
    }
}
