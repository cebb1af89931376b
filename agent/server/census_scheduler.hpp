// SPDX-License-Identifier: Apache-2.0
// Has the mount worker count the queues every census.interval, slice by slice, and keeps what was
// found last. It asks only while the queue is this instance's own and the mount answers; between
// two slices whoever else asks the mount worker has his turn. A mount that hangs ends the census
// under way; what was found before stays, with its age.
#pragma once

#include "agent/metrics/queue_metrics.hpp"
#include "agent/server/health_monitor.hpp"
#include "core/model/queue_census.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <string>

namespace agent {

class CensusScheduler {
   public:
    /// Asks the evaluator's mount worker, with its settings; tells `metrics` of each census. Both
    /// outlive this.
    CensusScheduler(boost::asio::io_context& context, HealthMonitor& monitor,
                    QueueMetrics& metrics);

    /// Never returns; ends with the io_context.
    [[nodiscard]] boost::asio::awaitable<void> run();

    /// Facts or settings may have changed, and with them whether or when to count. Cheap.
    void look_again() { due_.cancel(); }

    /// The last that came to its end; empty until there was one.
    [[nodiscard]] const std::optional<core::QueueCensus>& latest() const { return latest_; }

   private:
    [[nodiscard]] bool may_count() const;
    [[nodiscard]] core::Duration until_due() const;
    [[nodiscard]] boost::asio::awaitable<CensusOutcome> count();

    HealthMonitor& monitor_;
    QueueMetrics& metrics_;
    boost::asio::steady_timer due_;
    boost::asio::steady_timer pause_;
    std::optional<core::QueueCensus> latest_;
    std::string last_error_;               ///< told once
    std::optional<core::BootTime> ended_;  ///< the last, however it did
};

}  // namespace agent
