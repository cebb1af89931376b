// SPDX-License-Identifier: Apache-2.0
// The table of paths, and the prepared answer to a request. No I/O; the clock is an argument. Used
// on the server's loop only.
#pragma once

#include "agent/http/metrics_endpoint.hpp"
#include "agent/http/request.hpp"
#include "agent/http/response.hpp"
#include "core/base/time.hpp"
#include "core/checks/reason.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace agent {

/// A path that is answered, or other_route for all the rest.
using Route = std::size_t;
inline constexpr std::size_t fixed_route_count = 5;
inline constexpr Route other_route = fixed_route_count + core::check_count;
inline constexpr std::size_t route_count = other_route + 1;

/// "/health"; "other" for other_route.
[[nodiscard]] std::string_view route_path(Route route);

/// The answers that the health monitor publishes with each verdict.
struct PublishedAnswers {
    struct Body {
        PreparedResponse compact;
        PreparedResponse pretty;  ///< for "?pretty"
    };
    Body health;
    Body ready;
    std::array<Body, core::check_count> checks;  ///< by core::Check
    PreparedResponse index;  ///< "/" for a terminal, with the status of `health`

    /// Makes "/" for a browser, with the status of `health`. Called at most once, at the first
    /// request for it.
    std::function<PreparedResponse()> make_page;

    /// From then on all of the above is answered 503, because the health monitor has stopped.
    core::BootTime expires{};
};

struct HttpAnswer {
    WireBytes bytes;
    Route route = other_route;
    int status = 0;
    bool keep_alive = false;
};

/// Why a request could not be parsed.
enum class HttpFault { malformed, malformed_proxy, too_large, timed_out };

class HttpRoutes {
   public:
    /// `render_metrics` makes the page that /metrics answers.
    explicit HttpRoutes(MetricsPage::Render render_metrics);

    /// Replaces the published answers. Before the first ones, and after they expire, /health,
    /// /readyz and the checks are 503.
    void publish(PublishedAnswers answers);

    /// Answers GET and HEAD (other methods: 405), 404 for an unknown path, 400 for a malformed
    /// target. Of an absolute target only the path counts, of the query only `pretty`. One slash
    /// at the end of a path is ignored. "/" is a page for a client that prefers text/html to plain
    /// text, and text for all others. May throw what `render_metrics` and `make_page` throw.
    [[nodiscard]] HttpAnswer answer(const HttpRequest& request, core::BootTime now) const;

    /// 400, 431 or 408. The caller closes the connection after it.
    [[nodiscard]] HttpAnswer answer(HttpFault fault) const;

   private:
    struct Row;    ///< of the table of routes
    struct Asked;  ///< a request as its row sees it
    /// The answers while there is no current verdict.
    struct Notice {
        PreparedResponse json;
        PreparedResponse text;
        PreparedResponse page;
    };
    friend std::string_view route_path(Route route);
    static const std::array<Row, other_route>& table();
    static std::array<Row, other_route> make_table();
    static Notice make_notice(std::string_view json, std::string_view word, std::string_view text);

    [[nodiscard]] const PreparedResponse& health(const Asked& asked) const;
    [[nodiscard]] const PreparedResponse& ready(const Asked& asked) const;
    [[nodiscard]] const PreparedResponse& alive(const Asked& asked) const;
    [[nodiscard]] const PreparedResponse& metrics(const Asked& asked) const;
    [[nodiscard]] const PreparedResponse& index(const Asked& asked) const;
    [[nodiscard]] const PreparedResponse& check(const Asked& asked) const;

    [[nodiscard]] const Notice* notice_at(core::BootTime now) const;
    [[nodiscard]] const PreparedResponse& verdict(const PublishedAnswers::Body& body,
                                                  const Asked& asked) const;

    mutable MetricsPage metrics_;  ///< caches what it rendered
    PublishedAnswers answers_;
    mutable PreparedResponse page_;  ///< made by answers_.make_page at the first request
    bool published_ = false;
    PreparedResponse alive_;
    Notice starting_;
    Notice stale_;
    PreparedResponse not_found_;
    PreparedResponse method_not_allowed_;
    std::array<PreparedResponse, 4> faults_;  ///< by HttpFault
};

}  // namespace agent
