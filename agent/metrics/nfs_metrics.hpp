// SPDX-License-Identifier: Apache-2.0
// The NFS client of the queue's mount, as /metrics shows it. A mount of another type has no series.
#pragma once

#include "core/exposition/exposition.hpp"
#include "core/model/facts.hpp"

#include <array>

namespace agent {

class NfsMetrics {
   public:
    /// Adds its families to the page, which must outlive it.
    explicit NfsMetrics(core::Exposition& exposition);

    /// Replaces all series. Why: the kernel counts from the mount on, so the counters of a new
    /// mount begin with less.
    void publish(const core::HostFacts& host);

   private:
    void publish_operations(const core::NfsFacts& nfs);
    void publish_transport(const core::NfsTransport& transport);
    void clear();

    std::array<core::MetricFamily<core::Counter>*, core::nfs_figure_count> figures_{};
    core::MetricFamily<core::Counter>& bytes_;
    std::array<core::MetricFamily<core::Counter>*, 6> transport_{};
    core::MetricFamily<core::Gauge>& age_;
    core::MetricFamily<core::Gauge>& lease_expired_;
};

}  // namespace agent
