// SPDX-License-Identifier: Apache-2.0
// The starts of Postfix in this boot, as one log tells of them: the latest that failed and the
// latest that succeeded.
//
// The lines are given in the order of the log, and that order is believed before the stamps: where
// a stamp does not come after that of the event before it (whole seconds, or a clock that was set
// back), a millisecond more than that is reported, so that comparing the two times answers which
// came last.
//
// A start that was refused because Postfix runs already ("already running", or no lock) while a
// master stood, that is one that was started in this boot and has not said that it terminates, is
// an operator's second start: it never counts, and never takes the place of a failure that does. A
// master that dies without a word (SIGKILL) is still taken to stand; that it is gone is what the
// check of the pid file says. One history is of one log; lines of two sources must not be mixed in
// it.
#pragma once

#include "core/maillog/startup_line.hpp"
#include "core/model/facts.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace core {

class StartupHistory {
   public:
    /// Lines of this boot that matched; not those that only say again that the start before them
    /// failed.
    struct Counts {
        std::uint64_t already_running = 0;
        std::uint64_t lock_refused = 0;
        std::uint64_t start_failed = 0;
        std::uint64_t daemon_started = 0;
    };

    explicit StartupHistory(LocalTime local_time) : local_time_(std::move(local_time)) {}

    /// One line without its newline. `boot_began` and `now` are on the wall clock as it is set now.
    void feed(std::string_view line, WallTime boot_began, WallTime now);

    [[nodiscard]] const std::optional<StartFailure>& last_failure() const noexcept {
        return last_failure_;
    }
    [[nodiscard]] const std::optional<WallTime>& last_started() const noexcept {
        return last_started_;
    }
    [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

   private:
    void remember_start(WallTime at);
    void remember_failure(LogEvent event);
    [[nodiscard]] bool a_failure_counts() const;
    void count(StartFailure::Kind kind);

    LocalTime local_time_;
    std::optional<StartFailure> last_failure_;
    std::optional<WallTime> last_started_;
    std::optional<WallTime>
        unfinished_;  ///< the latest failure since the latest start that succeeded
    bool master_stands_ = false;
    Counts counts_;
};

}  // namespace core
