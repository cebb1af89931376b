// SPDX-License-Identifier: Apache-2.0
#include "agent/http/routes.hpp"

#include "agent/report/page.hpp"
#include "core/exposition/media_type.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace agent {
namespace {

constexpr Route health_route = 0;
constexpr Route ready_route = 1;
constexpr Route live_route = 2;
constexpr Route metrics_route = 3;
constexpr Route index_route = 4;
constexpr Route first_check_route = 5;
static_assert(first_check_route + core::check_count == other_route);

constexpr std::string_view alive_body = R"({"status":"pass"})"
                                        "\n";
#define PEA_STARTING "no verdict yet: the first round of checks has not ended"
#define PEA_STALE "the agent answers but has stopped checking; restart postfix-elb-agent"
constexpr std::string_view starting_body =
    R"({"status":"fail","phase":"starting","output":")" PEA_STARTING "\"}\n";
constexpr std::string_view stale_body = R"({"status":"fail","output":"stale: )" PEA_STALE "\"}\n";

std::string not_found_body() {
    std::string body = "no such page; there are";
    for (const std::string_view path : route_paths) {
        if (path != route_paths[other_route]) {
            body.append(" ").append(path);
        }
    }
    return body + "\n";
}

struct Target {
    std::string_view path;
    std::string_view query;
};

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

/// RFC 9112, 3.2.2: a server takes absolute targets too. "" unless the target is absolute.
std::string_view after_scheme(std::string_view target) {
    for (const std::string_view scheme :
         {std::string_view("http://"), std::string_view("https://")}) {
        if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
            return target.substr(scheme.size());
        }
    }
    return {};
}

std::optional<Target> split(std::string_view target) {
    if (!target.starts_with('/')) {
        const std::string_view rest = after_scheme(target);
        if (rest.empty()) {
            return std::nullopt;
        }
        target = rest.substr(std::min(rest.find_first_of("/?"), rest.size()));
    }
    const std::size_t mark = std::min(target.find('?'), target.size());
    const std::string_view path = target.substr(0, mark);
    return Target{path.empty() ? "/" : path, target.substr(std::min(mark + 1, target.size()))};
}

bool wants_pretty(std::string_view query) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view parameter = query.substr(0, end);
        if (parameter.substr(0, parameter.find('=')) == "pretty") {
            return true;
        }
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return false;
}

/// Who likes both alike (curl says */*) sits at a terminal.
bool wants_page(std::string_view accept) {
    const core::Preference page = core::media_preference(accept, {"text", "html", {}});
    return page.weight > 0 && core::media_preference(accept, {"text", "plain", {}}) < page;
}

Route find_route(std::string_view path) {
    const auto* const known_end = route_paths.begin() + other_route;
    return static_cast<Route>(std::find(route_paths.begin(), known_end, path) -
                              route_paths.begin());
}

HttpAnswer make_answer(const PreparedResponse& response, Route route, HttpMethod method,
                       bool keep_alive) {
    const auto part =
        method == HttpMethod::head ? PreparedResponse::Part::header : PreparedResponse::Part::whole;
    const auto connection =
        keep_alive ? PreparedResponse::Connection::keep_alive : PreparedResponse::Connection::close;
    return {response.wire(part, connection), route, response.status(), keep_alive};
}

}  // namespace

HttpRoutes::HttpRoutes(MetricsPage::Render render_metrics)
    : metrics_(std::move(render_metrics)),
      alive_(200, content_type::health, alive_body),
      starting_(503, content_type::health, starting_body),
      stale_(503, content_type::health, stale_body),
      starting_index_{
          {503, content_type::text, "starting: " PEA_STARTING "\n", index_fields},
          {503, content_type::html, render_notice("starting", PEA_STARTING), page_fields()}},
      stale_index_{{503, content_type::text, "stale: " PEA_STALE "\n", index_fields},
                   {503, content_type::html, render_notice("stale", PEA_STALE), page_fields()}},
      not_found_(404, content_type::text, not_found_body()),
      method_not_allowed_(405, content_type::text, "only GET and HEAD are answered here\n"),
      malformed_(400, content_type::text, "this is not an HTTP/1.0 or HTTP/1.1 request\n"),
      too_large_(431, content_type::text, "the request line and its fields are too long\n"),
      timed_out_(408, content_type::text, "the request was not finished in time\n") {
}

void HttpRoutes::publish(PublishedAnswers answers) {
    answers_ = std::move(answers);
    page_ = {};
    metrics_.forget();
    published_ = true;
}

const PreparedResponse& HttpRoutes::page(Route route, bool pretty, core::BootTime now) const {
    if (route == live_route) {
        return alive_;
    }
    if (!published_ || now >= answers_.expires) {
        return published_ ? stale_ : starting_;
    }
    const auto& page = [&]() -> const PublishedAnswers::Page& {
        if (route == health_route) {
            return answers_.health;
        }
        return route == ready_route ? answers_.ready : answers_.checks[route - first_check_route];
    }();
    return pretty ? page.pretty : page.compact;
}

const PreparedResponse& HttpRoutes::index(std::string_view accept, core::BootTime now) const {
    const bool page = wants_page(accept);
    if (!published_ || now >= answers_.expires) {
        const Notice& notice = published_ ? stale_index_ : starting_index_;
        return page ? notice.page : notice.text;
    }
    if (!page) {
        return answers_.index;
    }
    if (page_.empty()) {
        page_ = answers_.page();
    }
    return page_;
}

HttpAnswer HttpRoutes::answer(const HttpRequest& request, core::BootTime now) const {
    const std::optional<Target> target = split(request.target);
    if (!target) {
        return make_answer(malformed_, other_route, request.method, request.keep_alive);
    }
    const Route route = find_route(target->path);
    if (route == other_route) {
        return make_answer(not_found_, route, request.method, request.keep_alive);
    }
    if (request.method == HttpMethod::other) {
        return make_answer(method_not_allowed_, route, request.method, request.keep_alive);
    }
    if (route == metrics_route) {
        return make_answer(metrics_.answer(request, now, answers_.expires), route, request.method,
                           request.keep_alive);
    }
    const PreparedResponse& response = route == index_route
                                           ? index(request.accept, now)
                                           : page(route, wants_pretty(target->query), now);
    return make_answer(response, route, request.method, request.keep_alive);
}

HttpAnswer HttpRoutes::answer(HttpFault fault) const {
    const std::array responses{&malformed_, &too_large_, &timed_out_};  // as HttpFault
    const PreparedResponse& response = *responses[static_cast<std::size_t>(fault)];
    return make_answer(response, other_route, HttpMethod::get, false);
}

}  // namespace agent
