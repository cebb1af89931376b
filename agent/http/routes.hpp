// SPDX-License-Identifier: Apache-2.0
// The pages there are, and which prepared answer a request gets. No I/O; the clock is an argument.
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

/// Every path that is answered, and in the last place the name under which all the rest is counted:
/// an index into this is a Route. The checks stand in the order of core::Check.
inline constexpr std::array<std::string_view, 12> route_paths{
    "/health",
    "/readyz",
    "/livez",
    "/metrics",
    "/",
    "/health/mount",
    "/health/queue_link",
    "/health/master_pid",
    "/health/startup_log",
    "/health/ownership",
    "/health/relink",
    "other",
};
using Route = std::size_t;
inline constexpr Route other_route = route_paths.size() - 1;

/// What the evaluator publishes each round.
struct PublishedAnswers {
    struct Page {
        PreparedResponse compact;
        PreparedResponse pretty;  ///< for "?pretty"
    };
    Page health;
    Page ready;
    std::array<Page, core::check_count> checks;  ///< indexed by core::Check
    PreparedResponse index;                      ///< "/" for a terminal

    /// "/" for a browser. Called when the first asks for it, and never again: mostly nobody looks.
    std::function<PreparedResponse()> page;

    /// From then on everything above is answered 503: an evaluator that has stopped says nothing
    /// true any more.
    core::BootTime expires{};
};

struct HttpAnswer {
    WireBytes bytes;
    Route route = other_route;
    int status = 0;
    bool keep_alive = false;
};

/// Why a request is answered without having been understood.
enum class HttpFault { malformed, too_large, timed_out };

class HttpRoutes {
   public:
    /// `render_metrics` makes the page that /metrics answers.
    explicit HttpRoutes(MetricsPage::Render render_metrics);

    /// Replaces the board. Until the first, and from the expiry of each, /health and all that hangs
    /// on it is 503.
    void publish(PublishedAnswers answers);

    /// GET and HEAD (else 405); 404 for any other path, 400 for a target that is none. Absolute
    /// targets are taken as their path, of the query only `pretty` is looked at. "/" is a page for
    /// a client that likes text/html better than plain text, and text for all others. May throw
    /// what render_metrics and the board's page throw.
    [[nodiscard]] HttpAnswer answer(const HttpRequest& request, core::BootTime now) const;

    /// 400, 431 or 408; the connection is to be closed after it.
    [[nodiscard]] HttpAnswer answer(HttpFault fault) const;

   private:
    /// What "/" answers while there is no verdict to show.
    struct Notice {
        PreparedResponse text;
        PreparedResponse page;
    };
    [[nodiscard]] const PreparedResponse& page(Route route, bool pretty, core::BootTime now) const;
    [[nodiscard]] const PreparedResponse& index(std::string_view accept, core::BootTime now) const;

    mutable MetricsPage metrics_;  ///< keeps what it rendered
    PublishedAnswers answers_;
    mutable PreparedResponse page_;  ///< the board's, once somebody has asked for it
    bool published_ = false;
    PreparedResponse alive_;
    PreparedResponse starting_;
    PreparedResponse stale_;
    Notice starting_index_;
    Notice stale_index_;
    PreparedResponse not_found_;
    PreparedResponse method_not_allowed_;
    PreparedResponse malformed_;
    PreparedResponse too_large_;
    PreparedResponse timed_out_;
};

}  // namespace agent
