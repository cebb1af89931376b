// SPDX-License-Identifier: Apache-2.0
// An entry of the journal as a line of a log file.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace systemd {

using Microseconds = std::chrono::microseconds;

/// The fields of an entry that a line has; systemd.journal-fields(7). "" for an absent field.
struct JournalEntry {
    Microseconds realtime{};      ///< __REALTIME_TIMESTAMP: when journald received it
    Microseconds monotonic{};     ///< __MONOTONIC_TIMESTAMP: the same on CLOCK_MONOTONIC
    std::string_view host;        ///< _HOSTNAME
    std::string_view identifier;  ///< SYSLOG_IDENTIFIER
    std::string_view pid;         ///< SYSLOG_PID, else _PID
    std::string_view message;     ///< MESSAGE
};

/// The current time on three clocks.
struct Clocks {
    Microseconds realtime{};
    Microseconds monotonic{};
    Microseconds boottime{};
};

/// Longer than any line of Postfix, which cuts addresses and replies.
inline constexpr std::size_t max_journal_line = 4096;

/// When the entry was received, on today's wall clock: its own time stamp, or, if that is not
/// within this boot because the clock was set since, one made from the monotonic time.
[[nodiscard]] Microseconds wall_time_of(const JournalEntry& entry, const Clocks& now);

/// "2026-11-22T10:15:04.126464Z mx postfix/master[1051]: daemon started -- version ...". Printable
/// ASCII, at most max_journal_line bytes and "...".
[[nodiscard]] std::string journal_line(const JournalEntry& entry, const Clocks& now);

}  // namespace systemd
