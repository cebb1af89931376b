// SPDX-License-Identifier: Apache-2.0
// /metrics: in which format and coding a request gets it, and the page kept for those who ask at
// the same time. No I/O; the clock is an argument.
//
// No answer waits for anything, so X-Prometheus-Scrape-Timeout-Seconds is kept without being read:
// the time to answer is that to render one page.
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

    /// So old may a page be that is answered: any number of scrapers cost at most one page of each
    /// kind in that time.
    static constexpr std::chrono::milliseconds life{100};

    explicit MetricsPage(Render render) : render_(std::move(render)) {}

    /// OpenMetrics where `request` prefers it, else the Prometheus text format, also where it takes
    /// neither; gzip where it is asked for and there is memory for it. A page from before `expires`
    /// is not answered after it. May throw what the renderer throws. The reference holds until the
    /// next call.
    [[nodiscard]] const PreparedResponse& answer(const HttpRequest& request, core::BootTime now,
                                                 core::BootTime expires);

    /// What was kept says what is not so any more.
    void forget() { kept_ = {}; }

   private:
    struct Kept {
        PreparedResponse response;
        core::BootTime until = core::BootTime::min();
    };
    [[nodiscard]] PreparedResponse make(core::ExpositionFormat format, bool packed) const;

    Render render_;
    std::array<std::array<Kept, 2>, 2> kept_;  ///< by format, then whether it is packed
};

}  // namespace agent
