// SPDX-License-Identifier: Apache-2.0
// Asks the mount worker to count the queues every census.interval, slice by slice, and keeps the
// latest result. It asks only while the queue is this instance's own and the mount answers. Between
// two slices other requests to the mount worker get their turn. A mount that hangs cancels the
// census; the previous result stays, with its age. Used on the server's loop only.
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
    /// Uses the mount worker and the settings of `monitor`; publishes each census in `metrics`.
    /// Both outlive this.
    CensusScheduler(boost::asio::io_context& context, HealthMonitor& monitor,
                    QueueMetrics& metrics);

    /// Never returns; ends with the io_context.
    [[nodiscard]] boost::asio::awaitable<void> run();

    /// To be called when facts or settings may have changed. Cheap.
    void reconsider() { due_.cancel(); }

    /// The latest census that ended; empty until one did.
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
    std::string last_error_;               ///< logged once
    std::optional<core::BootTime> ended_;  ///< the latest, with any outcome
};

}  // namespace agent
