// SPDX-License-Identifier: Apache-2.0
// The answer of /metrics: chooses format and coding, and caches the page for requests at the same
// time. No I/O; the clock is an argument. Used on the server's loop only.
//
// X-Prometheus-Scrape-Timeout-Seconds need not be read: an answer takes only the time to render.
#pragma once

#include "agent/http/request.hpp"
#include "agent/http/response.hpp"
#include "core/base/time.hpp"
#include "core/exposition/exposition_text.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <string>

namespace agent {

class MetricsPage {
   public:
    using Render = std::function<std::string(core::ExpositionFormat)>;

    /// The greatest age of a cached page. Any number of scrapers costs at most one page of each
    /// kind in that time.
    static constexpr std::chrono::milliseconds life{100};

    explicit MetricsPage(Render render) : render_(std::move(render)) {}

    /// OpenMetrics if `request` prefers it, else the Prometheus text format, even if it accepts
    /// neither. gzip if it is requested and memory suffices. A page from before `expires` is not
    /// used after it. Throws what the renderer throws. The reference is valid until the next call.
    [[nodiscard]] const PreparedResponse& answer(const HttpRequest& request, core::BootTime now,
                                                 core::BootTime expires);

    /// Drops the cached pages, because they are stale.
    void forget() { cached_ = {}; }

   private:
    struct Cached {
        PreparedResponse response;
        core::BootTime until = core::BootTime::min();
    };
    [[nodiscard]] PreparedResponse make(core::ExpositionFormat format, bool packed) const;

    Render render_;
    std::array<std::array<Cached, 2>, 2> cached_;  ///< by format, then by gzip
};

}  // namespace agent
