// SPDX-License-Identifier: Apache-2.0
#include "agent/http/routes.hpp"

#include "agent/report/page.hpp"
#include "core/exposition/media_type.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace agent {
namespace {

#define PEA_STARTING "no verdict yet: the first round of checks has not ended"
#define PEA_STALE "the agent answers but has stopped checking; restart postfix-elb-agent"
constexpr std::string_view alive_body = R"({"status":"pass"})"
                                        "\n";
constexpr std::string_view starting_body =
    R"({"status":"fail","phase":"starting","output":")" PEA_STARTING "\"}\n";
constexpr std::string_view stale_body = R"({"status":"fail","output":"stale: )" PEA_STALE "\"}\n";

constexpr std::string_view malformed_proxy_body =
    "malformed header of the PROXY protocol; version 1 of at most 107 bytes and version 2 of at "
    "most 4112 bytes are understood\n";

std::string not_found_body() {
    std::string body = "not found; the paths are";
    for (Route route = 0; route < other_route; ++route) {
        body.append(" ").append(route_path(route));
    }
    return body + "\n";
}

struct Target {
    std::string_view path;
    std::string_view query;
};

bool equal_ignoring_case(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
    });
}

/// RFC 9112, 3.2.2: a server accepts absolute targets. "" unless the target is absolute.
std::string_view after_scheme(std::string_view target) {
    for (const std::string_view scheme :
         {std::string_view("http://"), std::string_view("https://")}) {
        if (equal_ignoring_case(target.substr(0, scheme.size()), scheme)) {
            return target.substr(scheme.size());
        }
    }
    return {};
}

/// "/health/" is "/health"; "//" is no path of ours.
std::string_view without_slash_at_the_end(std::string_view path) {
    if (path.size() > 2 && path.ends_with('/')) {
        path.remove_suffix(1);
    }
    return path;
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
    const std::string_view path = without_slash_at_the_end(target.substr(0, mark));
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

/// A client that prefers neither (curl sends */*) is at a terminal.
bool wants_page(std::string_view accept) {
    const core::Preference page = core::media_preference(accept, {"text", "html", {}});
    return page.weight > 0 && core::media_preference(accept, {"text", "plain", {}}) < page;
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

struct HttpRoutes::Asked {
    const HttpRequest& request;
    const Row& row;
    bool pretty;
    core::BootTime now;
};

struct HttpRoutes::Row {
    std::string path;
    const PreparedResponse& (HttpRoutes::*answer)(const Asked&) const;
    core::Check check{};  ///< of /health/<check>
};

std::array<HttpRoutes::Row, other_route> HttpRoutes::make_table() {
    const std::array<Row, fixed_route_count> fixed{{{"/health", &HttpRoutes::health},
                                                    {"/readyz", &HttpRoutes::ready},
                                                    {"/livez", &HttpRoutes::alive},
                                                    {"/metrics", &HttpRoutes::metrics},
                                                    {"/", &HttpRoutes::index}}};
    std::array<Row, other_route> rows;
    auto* row = std::copy(fixed.begin(), fixed.end(), rows.begin());
    for (const core::Check check : core::all_checks()) {
        *row++ = {"/health/" + std::string(to_string(check)), &HttpRoutes::check, check};
    }
    return rows;
}

const std::array<HttpRoutes::Row, other_route>& HttpRoutes::table() {
    static const auto rows = make_table();
    return rows;
}

std::string_view route_path(Route route) {
    return route < other_route ? std::string_view(HttpRoutes::table()[route].path) : "other";
}

HttpRoutes::Notice HttpRoutes::make_notice(std::string_view json, std::string_view word,
                                           std::string_view text) {
    const std::string line = std::string(word) + ": " + std::string(text) + "\n";
    return {{503, content_type::health, json},
            {503, content_type::text, line, index_fields},
            {503, content_type::html, render_notice(word, text), page_fields()}};
}

HttpRoutes::HttpRoutes(MetricsPage::Render render_metrics)
    : metrics_(std::move(render_metrics)),
      alive_(200, content_type::health, alive_body),
      starting_(make_notice(starting_body, "starting", PEA_STARTING)),
      stale_(make_notice(stale_body, "stale", PEA_STALE)),
      not_found_(404, content_type::text, not_found_body()),
      method_not_allowed_(405, content_type::text, "only GET and HEAD are allowed\n"),
      faults_{{{400, content_type::text, "malformed HTTP/1.0 or HTTP/1.1 request\n"},
               {400, content_type::text, malformed_proxy_body},
               {431, content_type::text, "the request line and its fields are too long\n"},
               {408, content_type::text, "the request was not complete in time\n"}}} {
}

void HttpRoutes::publish(PublishedAnswers answers) {
    answers_ = std::move(answers);
    page_ = {};
    metrics_.forget();
    published_ = true;
}

/// nullptr while the published answers are current.
const HttpRoutes::Notice* HttpRoutes::notice_at(core::BootTime now) const {
    if (published_ && now < answers_.expires) {
        return nullptr;
    }
    return published_ ? &stale_ : &starting_;
}

const PreparedResponse& HttpRoutes::verdict(const PublishedAnswers::Body& body,
                                            const Asked& asked) const {
    if (const Notice* const notice = notice_at(asked.now)) {
        return notice->json;
    }
    return asked.pretty ? body.pretty : body.compact;
}

const PreparedResponse& HttpRoutes::health(const Asked& asked) const {
    return verdict(answers_.health, asked);
}

const PreparedResponse& HttpRoutes::ready(const Asked& asked) const {
    return verdict(answers_.ready, asked);
}

const PreparedResponse& HttpRoutes::check(const Asked& asked) const {
    return verdict(answers_.checks[static_cast<std::size_t>(asked.row.check)], asked);
}

const PreparedResponse& HttpRoutes::alive(const Asked& /*asked*/) const {
    return alive_;
}

const PreparedResponse& HttpRoutes::metrics(const Asked& asked) const {
    return metrics_.answer(asked.request, asked.now, answers_.expires);
}

const PreparedResponse& HttpRoutes::index(const Asked& asked) const {
    const bool page = wants_page(asked.request.accept);
    if (const Notice* const notice = notice_at(asked.now)) {
        return page ? notice->page : notice->text;
    }
    if (!page) {
        return answers_.index;
    }
    if (page_.empty()) {
        page_ = answers_.make_page();
    }
    return page_;
}

HttpAnswer HttpRoutes::answer(const HttpRequest& request, core::BootTime now) const {
    const auto answer_with = [&request](const PreparedResponse& response, Route route) {
        return make_answer(response, route, request.method, request.keep_alive);
    };
    const std::optional<Target> target = split(request.target);
    if (!target) {
        return answer_with(faults_[static_cast<std::size_t>(HttpFault::malformed)], other_route);
    }
    const auto row = std::find_if(table().begin(), table().end(), [&target](const Row& known) {
        return known.path == target->path;
    });
    const auto route = static_cast<Route>(row - table().begin());
    if (route == other_route) {
        return answer_with(not_found_, route);
    }
    if (request.method == HttpMethod::other) {
        return answer_with(method_not_allowed_, route);
    }
    const Asked asked{request, *row, wants_pretty(target->query), now};
    return answer_with((this->*row->answer)(asked), route);
}

HttpAnswer HttpRoutes::answer(HttpFault fault) const {
    return make_answer(faults_[static_cast<std::size_t>(fault)], other_route, HttpMethod::get,
                       false);
}

}  // namespace agent
