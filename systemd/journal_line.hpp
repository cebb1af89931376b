// SPDX-License-Identifier: Apache-2.0
// An entry of the journal as a line of a log file, for core::StartupHistory.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace systemd {

using Microseconds = std::chrono::microseconds;

/// What is needed of an entry; systemd.journal-fields(7). Views into what the journal lends.
struct JournalEntry {
    Microseconds
        realtime{};  ///< __REALTIME_TIMESTAMP: when journald took it in, on the wall clock of then
    Microseconds monotonic{};             ///< __MONOTONIC_TIMESTAMP: the same on CLOCK_MONOTONIC
    std::string_view host;                ///< _HOSTNAME
    std::string_view identifier;          ///< SYSLOG_IDENTIFIER
    std::optional<std::string_view> pid;  ///< SYSLOG_PID, else _PID
    std::string_view message;             ///< MESSAGE
};

/// The clocks as they stand now.
struct Clocks {
    Microseconds realtime{};
    Microseconds monotonic{};
    Microseconds boottime{};
};

inline constexpr std::size_t max_journal_line = 1024;
/// Longer than any that Postfix logs: its addresses and answers are cut before.
inline constexpr std::size_t max_delivery_line = 4096;

/// When the entry was taken in, on the wall clock as it is set now. The entry's own stamp, unless
/// that lies outside of this boot: then the clock was set since, and the stamp is made of the
/// monotonic one.
[[nodiscard]] Microseconds wall_time_of(const JournalEntry& entry, const Clocks& now);

/// "2026-11-22T10:15:04.126464Z mx postfix/master[1051]: daemon started -- version ...". Printable
/// ASCII, at most `max_bytes` and "...".
[[nodiscard]] std::string journal_line(const JournalEntry& entry, const Clocks& now,
                                       std::size_t max_bytes = max_journal_line);

}  // namespace systemd
