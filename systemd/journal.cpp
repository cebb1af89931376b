// SPDX-License-Identifier: Apache-2.0
#include "systemd/journal.hpp"

#include "core/maillog/delivery_line.hpp"
#include "core/maillog/startup_line.hpp"
#include "systemd/monotonic.hpp"

#include <systemd/sd-journal.h>

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>

namespace systemd {
namespace {

using State = JournalSlice::State;

constexpr std::string_view of_mail = "SYSLOG_FACILITY=2";
constexpr std::string_view by_root = "_UID=0";

Clocks clocks_now() {
    return {clock_now(CLOCK_REALTIME), clock_now(CLOCK_MONOTONIC), clock_now(CLOCK_BOOTTIME)};
}

std::string copy_of(std::optional<std::string_view> text) {
    return std::string(text.value_or("").substr(0, max_journal_line));
}

}  // namespace

JournalSlice Journal::read(const JournalPosition& after) {
    if (after != returned_) {
        next_.starts.clear();
        next_.lines.clear();
        next_.position = after;
        at_position_ = false;
    }
    if (!has_lines()) {
        static_cast<void>(take_changes());
        read_on();
    }
    JournalSlice slice = std::exchange(next_, {});
    next_.state = returned_state_ = slice.state;
    next_.error = slice.error;
    next_.position = returned_ = slice.position;
    return slice;
}

bool Journal::look() {
    const bool due = retry_at_ && clock_now(CLOCK_MONOTONIC) >= *retry_at_;
    if (take_changes() || due) {
        read_on();
    }
    return next_.state != returned_state_ || next_.more || has_lines();
}

bool Journal::take_changes() {
    if (!journal_) {
        return false;
    }
    const int change = sd_journal_process(journal_.get());
    at_position_ = at_position_ && change >= 0 && change != SD_JOURNAL_INVALIDATE;
    return change != SD_JOURNAL_NOP;
}

// A second attempt only with a new handle: if that fails too, another attempt would not help.
void Journal::read_on() {
    const bool reopened = !at_position_;
    if (reopened) {
        open();
    }
    int result = at_position_ ? scan() : 0;
    if (result < 0 && !reopened) {
        open();
        result = at_position_ ? scan() : 0;
    }
    if (result < 0) {
        cannot_read(journal_error(result, "read").message);
    }
}

void Journal::open() {
    at_position_ = false;
    journal_.reset();
    auto opened = open_journal();
    if (!opened) {
        return cannot_read(opened.error().message);
    }
    journal_ = std::move(*opened);
    if (const int result = sd_journal_get_fd(journal_.get()); result < 0) {
        return cannot_read(journal_error(result, "watch").message);
    }
    if (!has_files(journal_.get())) {
        return cannot_read("the journal has no files in /run/log/journal or /var/log/journal");
    }
    if (const auto sought = seek(); !sought) {
        return cannot_read(sought.error().message);
    }
    at_position_ = true;
    retry_at_.reset();
    retry_ = limits_.first_retry;
    next_.state = State::reading;
    next_.error.clear();
}

core::Result<void> Journal::seek() {
    sd_journal* const journal = journal_.get();
    sd_journal_set_data_threshold(journal, max_journal_line);
    sought_ = !cursor().empty();
    int result = match_this_boot(journal);
    if (result >= 0 && next_.state == State::absent && !sought_) {
        sd_journal_seek_head(journal);
        result = sd_journal_next(journal);
        if (result == 0) {
            return core::Error{core::Errc::missing, "the journal has no entry of this boot"};
        }
    }
    if (result >= 0) {
        result = add_match(journal, of_mail);
    }
    if (result >= 0 && !next_.position.lines) {
        result = add_match(journal, by_root);
    }
    if (result >= 0) {
        result = sought_ ? sd_journal_seek_cursor(journal, cursor().c_str())
                         : sd_journal_seek_head(journal);
    }
    if (result < 0) {
        return journal_error(result, "read");
    }
    return {};
}

int Journal::scan() {
    const Microseconds until = clock_now(CLOCK_MONOTONIC) + limits_.time;
    std::size_t bytes = 0;
    for (std::size_t entries = 0;; ++entries) {
        next_.more = entries > 0 && (entries >= limits_.entries || bytes >= limits_.bytes ||
                                     clock_now(CLOCK_MONOTONIC) >= until);
        const int result = next_.more ? 0 : sd_journal_next(journal_.get());
        if (result > 0) {
            bytes += take_entry();
            continue;
        }
        if (entries > 0) {
            remember_position();
        }
        return result == 0 && !next_.more && !has_files(journal_.get()) ? -EIO : result;
    }
}

// Returns how many bytes of lines it added.
std::size_t Journal::take_entry() {
    if (was_read_before()) {
        return 0;
    }
    const auto found = field(journal_.get(), "MESSAGE");
    const bool all = next_.position.lines.has_value();
    if (!found || (!all && !core::may_be_event(*found))) {
        return 0;
    }
    const std::string message = copy_of(found);
    const std::string identifier = copy_of(field(journal_.get(), "SYSLOG_IDENTIFIER"));
    const bool of_postfix = all && core::is_postfix_tag(identifier);
    if (!of_postfix && !core::may_be_event(message)) {
        return 0;
    }
    auto line = line_of_entry(identifier, message);
    std::size_t bytes = 0;
    if (line && is_start(*line)) {
        bytes += line->size();
        next_.starts.push_back(*line);
        remember_position();
    }
    if (line && of_postfix) {
        bytes += line->size();
        next_.lines.push_back(std::move(*line));
    }
    return bytes;
}

std::optional<std::string> Journal::line_of_entry(std::string_view identifier,
                                                  std::string_view message) const {
    sd_journal* const journal = journal_.get();
    std::uint64_t realtime = 0;
    std::uint64_t monotonic = 0;
    if (sd_journal_get_realtime_usec(journal, &realtime) < 0 ||
        sd_journal_get_monotonic_usec(journal, &monotonic, nullptr) < 0) {
        return std::nullopt;
    }
    std::string pid = copy_of(field(journal, "SYSLOG_PID"));
    if (pid.empty()) {
        pid = copy_of(field(journal, "_PID"));
    }
    const std::string host = copy_of(field(journal, "_HOSTNAME"));
    return journal_line({.realtime = Microseconds(realtime),
                         .monotonic = Microseconds(monotonic),
                         .host = host,
                         .identifier = identifier,
                         .pid = pid,
                         .message = message},
                        clocks_now());
}

// Without `lines` the matches have selected the user, and the position the entries.
bool Journal::is_start(const std::string& line) const {
    const core::WallTime now(
        std::chrono::floor<std::chrono::milliseconds>(clock_now(CLOCK_REALTIME)));
    if (!core::parse_maillog_line(line, now, {})) {
        return false;
    }
    return !next_.position.lines ||
           (field(journal_.get(), "_UID") == "0" &&
            monotonic_of(cursor_of(journal_.get())) > monotonic_of(next_.position.starts));
}

// The position that was sought is where the entry is, or was before it moved to another file.
bool Journal::was_read_before() {
    if (!sought_) {
        return false;
    }
    const std::string here = cursor_of(journal_.get());
    const bool same = is_same_entry(here, cursor());
    const bool before = same || monotonic_of(here) < monotonic_of(cursor());
    sought_ = before && !same;
    return before;
}

void Journal::remember_position() {
    const std::string here = cursor_of(journal_.get());
    if (here.empty()) {
        return;
    }
    if (next_.position.lines) {
        next_.position.lines = here;
    }
    if (monotonic_of(here) >= monotonic_of(next_.position.starts)) {
        next_.position.starts = here;
    }
}

const std::string& Journal::cursor() const {
    return next_.position.lines ? *next_.position.lines : next_.position.starts;
}

void Journal::cannot_read(std::string error) {
    at_position_ = false;
    const bool was_read = next_.state != State::absent || !cursor().empty();
    next_.state = was_read ? State::lost : State::absent;
    next_.error = std::move(error);
    next_.more = false;
    retry_at_ = clock_now(CLOCK_MONOTONIC) + retry_;
    retry_ = std::min(2 * retry_, limits_.last_retry);
}

pollfd Journal::descriptor() const {
    if (!journal_) {
        return {-1, 0, 0};
    }
    const int events = sd_journal_get_events(journal_.get());
    return {sd_journal_get_fd(journal_.get()), static_cast<short>(std::max(events, 0)), 0};
}

int Journal::timeout_ms() const {
    std::uint64_t until = UINT64_MAX;
    if (journal_ && sd_journal_get_timeout(journal_.get(), &until) < 0) {
        until = UINT64_MAX;
    }
    if (retry_at_) {
        until = std::min(until, static_cast<std::uint64_t>(retry_at_->count()));
    }
    return timeout_until(until);
}

}  // namespace systemd
