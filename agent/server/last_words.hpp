// SPDX-License-Identifier: Apache-2.0
// Why this instance's health last failed, as the mount worker is to write it into the agent's
// corner of the shared file system, where it is still to be read when the instance is gone.
#pragma once

#include "agent/clients/worker_client.hpp"
#include "core/model/settings.hpp"
#include "core/verdict/headline.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace agent {

/// A time for which health failed without a break.
struct Failure {
    core::Verdict verdict;               ///< the latest whose reasons were others than before
    core::TimePoint since;               ///< when it began
    std::string began_with;              ///< the output of the first verdict
    std::optional<core::TimePoint> end;  ///< when health recovered
};

/// One line of JSON in printable ASCII, at most `limit` bytes (not less than 2048): outputs are cut
/// for that.
[[nodiscard]] std::string render_last_words(const Failure& failure, std::size_t limit);

class LastWords {
   public:
    /// Before it first passes an agent is allowed this long: one that was restarted does not write
    /// its own start over the words of the last failure.
    static constexpr core::Duration start_patience = std::chrono::seconds(15);
    /// A write that failed or came late is tried again after this, or when there is something new
    /// to write.
    static constexpr core::Duration retry_pause = std::chrono::minutes(1);

    /// To be called with each verdict.
    void note(const core::Verdict& verdict);

    /// Has written what is due: once when the reasons of a failure change, once when health
    /// recovers. Takes one deadline at most, and does nothing unless `mount_answers`. A call during
    /// another does nothing.
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
    bool passed_ = false;             ///< health has been something else than fail
    bool due_ = false;
    bool writing_ = false;
    core::BootTime next_try_{0};
    std::string last_error_;
};

}  // namespace agent
