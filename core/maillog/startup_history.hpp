// SPDX-License-Identifier: Apache-2.0
// The starts of Postfix in this boot that one log reports: the latest that failed and the latest
// that succeeded.
//
// Lines come in the order of the log, which outranks the stamps: if a stamp is not later than that
// of the event before it (whole seconds, or a clock that was set back), the history reports one
// millisecond more, so that comparing the two times gives the order.
//
// A start that was refused because Postfix runs already ("already running", or no lock) while a
// master runs, that is one that was started in this boot and has not logged its end, is an
// operator's second start: it never counts and never replaces a failure that does. A master that
// was killed (SIGKILL) is still taken to run; the check of the pid file reports its death. One
// history is of one log; do not mix lines of two sources.
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
    /// Lines of this boot that matched, without those that only repeat that a start failed.
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
    bool master_runs_ = false;
    Counts counts_;
};

}  // namespace core
