// SPDX-License-Identifier: Apache-2.0
// Reports changes of the verdict: a log line, the status line of the service manager, and a line on
// the console when health or its worst reason changes. Reports once that the queue is this
// instance's own. Never blocks. Reports no verdict before the first round has ended. Used on the
// server's loop only.
#pragma once

#include "agent/base/log_sinks.hpp"
#include "core/verdict/headline.hpp"

#include <optional>
#include <string>

namespace agent {

class StatusNotifier {
   public:
    /// `control` is the channel to the supervisor (agent/ipc/control.hpp), and outlives this.
    StatusNotifier(int control, LogSinks log_sinks)
        : control_(control), log_sinks_(std::move(log_sinks)) {}

    void announce(const core::Verdict& verdict);

    /// Feeds the service manager's watchdog; events alone do not. To be called after each round,
    /// before its verdict is announced.
    void round_ended();

    /// Allows the supervisor to start the units that `gate` refused.
    void postfix_may_start() const;

   private:
    void log_change(const core::Verdict& verdict, const std::string& line) const;
    void write_to_console(const core::Verdict& verdict);

    int control_;
    LogSinks log_sinks_;
    bool ready_ = false;
    bool first_round_ended_ = false;
    std::optional<core::VerdictKey> last_key_;
    std::string last_line_;
    std::optional<core::Headline> last_on_console_;
};

}  // namespace agent
