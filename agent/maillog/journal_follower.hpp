// SPDX-License-Identifier: Apache-2.0
// Keeps a core::StartupHistory supplied with what the journal says, which the systemd worker reads,
// and has the mail counted by it where no log file is. Those are two readings: the history is of
// this boot and of what root logged, the counting of every line of Postfix from where it stopped.
#pragma once

#include "agent/clients/worker_client.hpp"
#include "agent/maillog/log_counter.hpp"
#include "core/maillog/startup_history.hpp"
#include "core/maillog/timestamp_filter.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace agent {

class JournalFollower {
   public:
    /// Reads what has been written since. A worker that begins with this boot's beginning again
    /// says so, and so does this. `counting`, which may be nullptr, is given the lines that it
    /// counts.
    [[nodiscard]] boost::asio::awaitable<void> follow(WorkerClient& systemd,
                                                      const core::Settings& settings,
                                                      LogCounter* counting = nullptr);

    /// `missing` where there is no journal of this boot.
    [[nodiscard]] core::StartupLogFacts facts() const;

   private:
    [[nodiscard]] boost::asio::awaitable<void> read(WorkerClient& systemd,
                                                    const core::Settings& settings);
    void take(const JournalRead& slice);
    [[nodiscard]] boost::asio::awaitable<void> count(WorkerClient& systemd,
                                                     const core::Settings& settings,
                                                     LogCounter& counting);
    void count(const JournalRead& slice, LogCounter& counting);

    std::optional<core::StartupHistory> history_;
    core::StartupLogFacts::Source source_ = core::StartupLogFacts::Source::catching_up;
    std::string error_;
    bool missed_ = false;  ///< lines may have been in an answer that came too late

    bool counts_ = false;
    std::string cursor_;  ///< of the last entry that was counted; "" before the first
    core::TimestampFilter barrier_;
};

}  // namespace agent
