// SPDX-License-Identifier: Apache-2.0
// One line of a mail log: does it report a start of Postfix, and of which kind?
//
// Matches the text of lines of the programs that start Postfix (postfix, postfix-script, master,
// and postlog, whose output systemd copies), with any syslog_name before the program's name. A line
// of another program that quotes such a text (cleanup a header, smtpd a command) does not match.
// The texts are those of conf/postfix-script, src/master/master.c, src/master/master_monitor.c and
// src/util/open_lock.c, the same in Postfix 3.5 to 3.11.
#pragma once

#include "core/base/time.hpp"
#include "core/maillog/log_time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace core {

struct LogEvent {
    enum class Kind {
        already_running,  ///< postfix-script: `master -t` failed, for any cause
        lock_refused,     ///< master: "unable to set exclusive lock" on master.pid or master.lock
        start_failed,     ///< any other fatal end of a start
        aftermath,  ///< a start failed, and an earlier line has the cause: "daemon initialization
                    ///< failure"
        daemon_started,  ///< master: "daemon started -- version"
        terminated,      ///< master: "terminating on signal", postfix-script: "stopping"
    };
    Kind kind = Kind::start_failed;
    WallTime at{};
    std::string text;  ///< the whole line, printable, at most max_event_text bytes and "..."
};

inline constexpr std::size_t max_event_text = 512;

/// Whether the text, a whole line or the part after the tag, may be of an event. Why: it is cheap,
/// and a busy relay logs thousands of other lines a second.
[[nodiscard]] bool may_be_event(std::string_view text);

/// `now` dates a stamp without a year.
[[nodiscard]] std::optional<LogEvent> parse_maillog_line(std::string_view line, WallTime now,
                                                         const LocalTime& local_time);

}  // namespace core
