// SPDX-License-Identifier: Apache-2.0
// Keeps a core::StartupHistory supplied with what the journal says, which the systemd worker reads.
#pragma once

#include "agent/server/worker_client.hpp"
#include "core/facts.hpp"
#include "core/settings.hpp"
#include "core/startup_history.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace agent {

class JournalFollower {
   public:
    /// Reads what has been written since. A worker that was started anew begins with this boot again, and so does this.
    [[nodiscard]] boost::asio::awaitable<void> follow(WorkerClient& systemd, const core::Settings& settings);

    /// `missing` where there is no journal of this boot.
    [[nodiscard]] core::StartupLogFacts facts() const;

   private:
    void begin_again(std::uint64_t generation);
    void take(const JournalRead& slice);

    std::optional<core::StartupHistory> history_;
    std::uint64_t generation_ = 0;  ///< of the worker that the history is of
    core::StartupLogFacts::Source source_ = core::StartupLogFacts::Source::catching_up;
    std::string error_;
};

}  // namespace agent
