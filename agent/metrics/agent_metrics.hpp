// SPDX-License-Identifier: Apache-2.0
// What /metrics says. Every series exists from the start, with all states and reasons of the closed
// vocabularies, so that a dashboard sees 0 and not nothing; only http_requests_total grows, with
// known paths and codes, and check_duration_seconds is there for the checks whose duration is
// measured.
#pragma once

#include "agent/http/routes.hpp"
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
    /// Labels build_info with this build's version; `process` is what the process_* metrics are
    /// read from.
    explicit Metrics(ProcessUsage process = ProcessUsage());
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// The verdict of a round and the facts behind it. From `expires` on, render() says what HTTP
    /// says then: /health and /readyz fail.
    void publish(const core::Verdict& verdict, const core::Facts& facts,
                 core::BootTime expires = core::BootTime::max());

    /// Those of the queues.
    [[nodiscard]] QueueMetrics& queue();

    /// Those of the mail that passed.
    [[nodiscard]] DeliveryMetrics& deliveries();

    /// One answer. Cheap: an increment through a kept pointer.
    void counted(Route route, int status);

    /// With the ages and the process's use as they are now.
    [[nodiscard]] std::string render(
        core::ExpositionFormat format = core::ExpositionFormat::prometheus);

   private:
    struct Series;
    std::unique_ptr<Series> series_;
};

}  // namespace agent
