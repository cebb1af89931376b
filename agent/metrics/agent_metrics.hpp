// SPDX-License-Identifier: Apache-2.0
// The page of /metrics. Every series of a closed vocabulary exists from the start, with all its
// states and reasons, so that a dashboard shows 0 and not a gap. Only http_requests_total grows,
// with known paths and codes. check_duration_seconds has the checks whose duration is measured.
//
// Used on the server's loop only. To add a metric, add a row to the table of its file.
#pragma once

#include "agent/http/routes.hpp"
#include "agent/http/session_pool.hpp"
#include "agent/metrics/delivery_metrics.hpp"
#include "agent/metrics/process_usage.hpp"
#include "agent/metrics/queue_metrics.hpp"
#include "core/exposition/exposition_text.hpp"
#include "core/model/facts.hpp"
#include "core/verdict/verdict.hpp"

#include <memory>
#include <string>

namespace agent {

class Metrics {
   public:
    /// `process`: the source of the process_* metrics.
    explicit Metrics(ProcessUsage process = ProcessUsage());
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// Sets what a round's verdict and its facts determine. From `expires` on, render() shows
    /// /health and /readyz as failed, as HTTP answers them.
    void publish(const core::Verdict& verdict, const core::Facts& facts,
                 core::BootTime expires = core::BootTime::max());

    /// The metrics of the queues.
    [[nodiscard]] QueueMetrics& queue();

    /// The metrics of the mail log.
    [[nodiscard]] DeliveryMetrics& deliveries();

    /// Counts one HTTP answer. Cheap: an increment through a kept pointer.
    void counted(Route route, int status);

    /// Counts a connection that was closed to make room for another.
    void counted(Eviction why);

    /// All families, with those that have no series yet.
    [[nodiscard]] const core::Exposition& exposition() const;

    /// The page, with ages and the process's use as of now.
    [[nodiscard]] std::string render(
        core::ExpositionFormat format = core::ExpositionFormat::prometheus);

   private:
    struct Series;
    std::unique_ptr<Series> series_;
};

}  // namespace agent
