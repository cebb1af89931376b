// SPDX-License-Identifier: Apache-2.0
// What /metrics says of the queues: what the latest census found that could read all. Until there
// was one a queue has no series, because it is not known to be empty; one that could not read all
// changes no figure, so that they grow old.
#pragma once

#include "core/exposition/exposition.hpp"
#include "core/model/queue_census.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace agent {

enum class CensusOutcome {
    complete,
    incomplete,  ///< came to its end, but something could not be read
    cancelled,   ///< the mount went away or hung, or counting was switched off
};

class QueueMetrics {
   public:
    /// Adds its families to the page, which outlives it.
    explicit QueueMetrics(core::Exposition& exposition);

    void publish(const core::QueueCensus& census);
    void ended(CensusOutcome outcome);
    /// So many operations of the file system were spent on counting, beside those before.
    void spent(std::uint64_t operations);

    /// Before the page is rendered: ages are as of now.
    void observe(core::TimePoint now);

   private:
    struct OfQueue {
        core::Gauge* depth;
        core::Histogram* ages;
        core::Gauge* bytes;
        core::Gauge* oldest;
    };
    void add_series();

    core::MetricFamily<core::Gauge>& depth_;
    core::MetricFamily<core::Histogram>& ages_;
    core::MetricFamily<core::Gauge>& bytes_;
    core::MetricFamily<core::Gauge>& oldest_;
    core::Gauge& census_age_;
    core::Gauge& census_complete_;
    core::Gauge& census_duration_;
    core::Counter& operations_;
    core::MetricFamily<core::Counter>& censuses_;
    core::Counter& ended_complete_;
    core::Counter& ended_incomplete_;
    core::Counter& ended_cancelled_;

    std::array<OfQueue, core::mail_queue_count> queues_{};
    std::optional<core::BootTime> at_;  ///< of the latest whole census
};

}  // namespace agent
