// SPDX-License-Identifier: Apache-2.0
// One line per event to standard error, with the priority prefix of sd-daemon(3) where the journal
// reads it. Never waits for a reader, of whatever kind the descriptor is: a line for which there is
// no room is dropped, so that a stalled log cannot delay an answer. The next line that goes through
// is preceded by one with the number of dropped lines.
#pragma once

#include <string_view>

namespace agent {

/// Values are those of syslog(3).
enum class Priority { error = 3, warning = 4, notice = 5, info = 6 };

/// Control characters in the text are made harmless; it stays one line.
void log(Priority priority, std::string_view text);

/// Opens standard error again if it is a pipe or a terminal, for this process and its children, so
/// that no write waits for a reader. To be called once, by `serve`. Why: O_NONBLOCK on the
/// inherited one would also hold for the shell's; and without it poll(2) finds room that another
/// process of this program takes, and more room on a terminal than there is.
void open_stderr_again();

/// Whether standard error goes to the journal (systemd.exec(5), $JOURNAL_STREAM). Found out once.
[[nodiscard]] bool journal_reads_stderr();

/// Whether `descriptor` is the stream that a value of $JOURNAL_STREAM names: "<st_dev>:<st_ino>",
/// in decimal. An inherited variable may speak of a stream that was redirected since. A null
/// pointer names none.
[[nodiscard]] bool is_journal_stream(int descriptor, const char* journal_stream);

}  // namespace agent
