// SPDX-License-Identifier: Apache-2.0
// The queues, as /metrics shows them: the figures of the latest complete census. A queue has no
// series until the first one, because it is not known to be empty. An incomplete census changes no
// figure, so that their age grows.
#pragma once

#include "core/exposition/exposition.hpp"
#include "core/model/queue_census.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace agent {

enum class CensusOutcome {
    complete,
    incomplete,  ///< ended, but could not read everything
    cancelled,   ///< the mount was lost or hung, or the census was switched off
};

class QueueMetrics {
   public:
    /// Adds its families to the page, which must outlive it.
    explicit QueueMetrics(core::Exposition& exposition);

    void publish(const core::QueueCensus& census);
    void ended(CensusOutcome outcome);
    /// Adds to the number of file system operations that the census took.
    void spent(std::uint64_t operations);

    /// Sets the age; to be called before the page is rendered.
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
    std::array<core::Counter*, 3> ended_{};  ///< by CensusOutcome

    std::array<OfQueue, core::mail_queue_count> queues_{};
    std::optional<core::BootTime> at_;  ///< of the latest complete census
};

}  // namespace agent
