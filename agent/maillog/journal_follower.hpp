// SPDX-License-Identifier: Apache-2.0
// Keeps a core::StartupHistory supplied with the start lines of the journal, which the systemd
// worker reads, and a LogCounter with all lines of Postfix where the journal is counted. In the
// server's loop.
//
// The history is of this boot; counting goes on from where it stopped, possibly in an earlier
// process. Therefore the start lines are read alone to the end first; from then on one read returns
// both. The position is kept here: a slice that was not received is requested again, also from a
// new worker.
#pragma once

#include "agent/clients/worker_client.hpp"
#include "agent/ipc/journal_position.hpp"
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
    /// Reads to the end of the journal. Passes lines to `counter`, which may be nullptr, where it
    /// counts the journal.
    [[nodiscard]] boost::asio::awaitable<void> follow(WorkerClient& systemd,
                                                      const core::Settings& settings,
                                                      LogCounter* counter = nullptr);

    /// `missing` where there is no journal of this boot.
    [[nodiscard]] core::StartupLogFacts facts() const;

   private:
    void begin_or_end_counting(const LogCounter* counter);
    void take_starts(const JournalRead& slice);
    void count(const JournalRead& slice, LogCounter& counter);

    std::optional<core::StartupHistory> history_;
    core::StartupLogFacts::Source source_ = core::StartupLogFacts::Source::catching_up;
    std::string error_;
    bool starts_are_read_ = false;  ///< to the end of the journal, once
    JournalPosition position_;
    core::TimestampFilter filter_;
};

}  // namespace agent
