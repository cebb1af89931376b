// SPDX-License-Identifier: Apache-2.0
// The reason of this instance's latest failure. The mount worker writes it into the agent's
// directory on the shared file system, where it can be read after the instance is gone. Used on the
// server's loop only.
#pragma once

#include "agent/clients/worker_client.hpp"
#include "core/model/settings.hpp"
#include "core/verdict/headline.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace agent {

/// A period in which health failed without a break.
struct Failure {
    core::Verdict verdict;               ///< the latest with a change of reasons
    core::TimePoint since;               ///< when it began
    std::string began_with;              ///< the output of the first verdict
    std::optional<core::TimePoint> end;  ///< when health recovered
};

/// Returns one line of JSON in printable ASCII. Cuts outputs to keep it within `limit` bytes (2048
/// or more).
[[nodiscard]] std::string render_last_words(const Failure& failure, std::size_t limit);

class LastWords {
   public:
    /// Nothing is written for this long after the start, unless health has passed before. Why: an
    /// agent that restarts must not overwrite the last failure with its own start.
    static constexpr core::Duration start_patience = std::chrono::seconds(15);
    /// The pause before a failed or late write is retried. A change of the verdict ends it.
    static constexpr core::Duration retry_pause = std::chrono::minutes(1);

    /// To be called with each verdict.
    void note(const core::Verdict& verdict);

    /// Asks `mount` to write if a write is due: once when the reasons of a failure change, once
    /// when health recovers. Takes at most one deadline. Does nothing unless `mount_answers`, or
    /// during another call.
    [[nodiscard]] boost::asio::awaitable<void> write_if_due(WorkerClient& mount,
                                                            const core::Settings& settings,
                                                            bool mount_answers);

   private:
    [[nodiscard]] bool is_due(core::TimePoint now) const;
    void note_failure(const core::Verdict& verdict);
    void note_recovery(const core::Verdict& verdict);
    void was_written(const core::Result<Nothing>& written);

    std::optional<Failure> failure_;
    core::VerdictKey key_;            ///< of failure_->verdict
    core::BootTime first_noted_{-1};  ///< of all verdicts
    bool passed_ = false;             ///< health was pass or warn before
    bool due_ = false;
    bool writing_ = false;
    core::BootTime next_try_{0};
    std::string last_error_;
};

}  // namespace agent
