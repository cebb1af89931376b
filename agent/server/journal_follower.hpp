// SPDX-License-Identifier: Apache-2.0
// Keeps a core::StartupHistory supplied with what the journal says, which the systemd worker reads.
#pragma once

#include "agent/server/worker_client.hpp"
#include "core/facts.hpp"
#include "core/settings.hpp"
#include "core/startup_history.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace agent {

class JournalFollower {
   public:
    /// Reads what has been written since. A worker that begins with this boot's beginning again says so, and so does
    /// this.
    [[nodiscard]] boost::asio::awaitable<void> follow(WorkerClient& systemd, const core::Settings& settings);

    /// `missing` where there is no journal of this boot.
    [[nodiscard]] core::StartupLogFacts facts() const;

   private:
    void take(const JournalRead& slice);

    std::optional<core::StartupHistory> history_;
    core::StartupLogFacts::Source source_ = core::StartupLogFacts::Source::catching_up;
    std::string error_;
    bool missed_ = false;  ///< lines may have been in an answer that came too late
};

}  // namespace agent
