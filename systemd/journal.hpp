// SPDX-License-Identifier: Apache-2.0
// The mail log as systemd's journal keeps it: the entries of this boot whose facility is "mail", in
// their order, each once. Either those that root logged and that tell of a start of Postfix, or
// every line of Postfix, whoever logged it: its programs run as several users. It is the message
// that is looked at, never the unit: journald often does not learn the unit of a program that ends
// at once, as those do that say why Postfix did not start.
//
// Files may be rotated, vacuumed, moved from /run to /var or deleted while they are read, and
// journald may be restarted: reading goes on after the last entry that was read. A journal that
// comes later is found. Reads only; waits for nothing but the disk under /var/log/journal and
// /run/log/journal.
//
// Known limits: libsystemd ends the process by SIGBUS when a file is cut short while it is read (it
// keeps its handler for that to systemd's own tools); journald never does that. Needs
// CAP_DAC_READ_SEARCH, or the group systemd-journal.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

struct pollfd;

namespace systemd {

/// Bounds of what one call does and returns.
struct JournalLimits {
    std::size_t entries = 20'000;                  ///< looked at
    std::size_t bytes = 32 * 1024;                 ///< of lines; one more line may pass it
    std::chrono::milliseconds time{50};            ///< after which no further entry is looked at
    std::chrono::milliseconds first_retry{1'000};  ///< of a journal that is absent or lost; doubles
    std::chrono::milliseconds last_retry{60'000};
};

/// Which lines are wanted.
enum class JournalLines { of_starts, of_postfix };

struct JournalSlice {
    enum class State { reading, absent, lost };
    State state = State::absent;
    std::string error;               ///< one line: why it was lost, perhaps why it is absent
    std::vector<std::string> lines;  ///< journal_line() of those that are wanted
    bool more = false;               ///< a limit was reached before the end
    bool from_start = false;         ///< the first slice: begins with the first entry of this boot
    std::string cursor;              ///< of the last entry that was looked at; "" before the first
};

class Journal {
   public:
    explicit Journal(JournalLimits limits = {}, JournalLines wanted = JournalLines::of_starts);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// The next slice. Opens the journal where it is not open.
    [[nodiscard]] JournalSlice read();

    /// The slice after the entry of this cursor, "" being before the first of this boot: for who
    /// may not have received the slice before. The entry need not be there any more, nor where it
    /// was.
    [[nodiscard]] JournalSlice read_after(const std::string& cursor);

    /// What to wait for; fd -1: nothing. The descriptor may be another after each call of the
    /// others.
    [[nodiscard]] pollfd descriptor() const;
    /// -1: none.
    [[nodiscard]] int timeout_ms() const;

    /// After the descriptor was ready or the timeout has passed. True: read() has something to say,
    /// be it lines, a state that changed, or that it has not come to the end. What was read for
    /// that is kept for read().
    [[nodiscard]] bool look();

   private:
    class Reader;
    std::unique_ptr<Reader> reader_;
};

}  // namespace systemd
