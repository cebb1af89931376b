// SPDX-License-Identifier: Apache-2.0
// Tells people of changes: one log line when a verdict changes, one on the console when health or
// its worst reason does, the service manager's status line, and once that the queue is this
// instance's own. Never waits for any of them. Until a first round came to its end, "not looked at
// yet" is no news: nobody is told.
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

    /// Feeds the service manager's watchdog: not what events bring, but a round that came to its
    /// end. To be called before that round's verdict is announced.
    void round_ended();

    /// The supervisor may start what `gate` refused before.
    void postfix_may_start() const;

   private:
    void log_change(const core::Verdict& verdict, const std::string& line) const;
    void tell_console(const core::Verdict& verdict);

    int control_;
    LogSinks log_sinks_;
    bool ready_ = false;
    bool looked_ = false;  ///< a round has ended
    std::optional<core::VerdictKey> last_key_;
    std::string last_line_;
    std::optional<core::Headline> last_on_console_;
};

}  // namespace agent
