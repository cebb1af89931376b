// SPDX-License-Identifier: Apache-2.0
// The mail log in systemd's journal: the entries of this boot with facility "mail", in order, each
// once. One reader returns two kinds of lines: start lines, which report a start of Postfix and
// were logged by root; and, on request, every line of Postfix, whose programs run as several users.
// Lines are selected by tag and text, never by unit.
//
// The caller keeps the position, so that it can ask again for a slice that it did not receive, and
// go on after a restart. Reading goes on after the same entry when files are rotated, vacuumed,
// moved from /run to /var or deleted, and when journald is restarted. A journal that appears later
// is found. Read-only; waits only for the disk under /var/log/journal and /run/log/journal.
//
// Known limit: libsystemd ends the process by SIGBUS when a file is truncated while it is read (its
// handler is private); journald never truncates one. Needs CAP_DAC_READ_SEARCH or the group
// systemd-journal.
//
// Why not the unit: journald often does not learn the unit of a short-lived program, such as those
// that report why Postfix did not start. Why root: any user may log with facility mail, but only
// root can start Postfix; journald takes the user from the kernel.
#pragma once

#include "systemd/journal_handle.hpp"
#include "systemd/journal_line.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

struct pollfd;

namespace systemd {

/// Bounds of one call.
struct JournalLimits {
    std::size_t entries = 20'000;                  ///< read
    std::size_t bytes = 32 * 1024;                 ///< of lines; one more entry may exceed it
    std::chrono::milliseconds time{50};            ///< after which no further entry is read
    std::chrono::milliseconds first_retry{1'000};  ///< of an absent or lost journal; doubles
    std::chrono::milliseconds last_retry{60'000};
};

/// Cursors of sd_journal_get_cursor(3) after whose entries reading goes on; "" is the beginning of
/// this boot. The entry need not exist any more.
struct JournalPosition {
    std::string starts;
    std::optional<std::string> lines;  ///< absent: only start lines are wanted
    bool operator==(const JournalPosition&) const = default;
};

struct JournalSlice {
    enum class State { reading, absent, lost };
    State state = State::absent;
    std::string error;                ///< one line: why it was lost, perhaps why it is absent
    std::vector<std::string> starts;  ///< journal_line() of start lines
    std::vector<std::string> lines;   ///< journal_line() of all lines of Postfix
    bool more = false;                ///< a limit was reached before the end
    JournalPosition position;         ///< after this slice
};

class Journal {
   public:
    explicit Journal(JournalLimits limits = {}) : limits_(limits), retry_(limits.first_retry) {}

    /// The slice after this position. Where lines are wanted, start lines are those after both
    /// cursors: first read the start lines alone to the end. Opens the journal if necessary.
    [[nodiscard]] JournalSlice read(const JournalPosition& after);

    /// To wait for; fd -1: nothing. May change with each call of another function.
    [[nodiscard]] pollfd descriptor() const;
    /// -1: none.
    [[nodiscard]] int timeout_ms() const;

    /// To be called when the descriptor is ready or the timeout has passed. True: read() after the
    /// last position has lines, another state, or more to read. Keeps what it read for read().
    [[nodiscard]] bool look();

   private:
    [[nodiscard]] bool take_changes();
    void read_on();
    void open();
    [[nodiscard]] core::Result<void> seek();
    [[nodiscard]] int scan();
    [[nodiscard]] std::size_t take_entry();
    [[nodiscard]] std::optional<std::string> line_of_entry(std::string_view identifier,
                                                           std::string_view message) const;
    [[nodiscard]] bool is_start(const std::string& line) const;
    [[nodiscard]] bool was_read_before();
    void remember_position();
    void cannot_read(std::string error);

    [[nodiscard]] const std::string& cursor() const;
    [[nodiscard]] bool has_lines() const { return !next_.starts.empty() || !next_.lines.empty(); }

    JournalLimits limits_;
    JournalHandle journal_;     ///< kept without files, too: its descriptor reports new ones
    bool at_position_ = false;  ///< the handle reads on from next_.position; else it is reopened
    bool sought_ = false;  ///< entries before the position, and the one there, may be read again
    JournalSlice next_;    ///< for read(), as far as it was read
    JournalSlice::State returned_state_ = JournalSlice::State::absent;
    JournalPosition returned_;  ///< of the last slice
    std::chrono::milliseconds retry_;
    std::optional<Microseconds> retry_at_{Microseconds(0)};  ///< on CLOCK_MONOTONIC
};

}  // namespace systemd
