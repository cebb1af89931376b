// SPDX-License-Identifier: Apache-2.0
#include "systemd/journal.hpp"

#include "core/base/result.hpp"
#include "core/maillog/delivery_line.hpp"
#include "core/maillog/startup_line.hpp"
#include "systemd/journal_line.hpp"
#include "systemd/monotonic.hpp"

#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

namespace systemd {
namespace {

using State = JournalSlice::State;
using std::chrono::milliseconds;

// Anybody may log as facility mail; the programs that start Postfix run as root. journald takes the
// user from the kernel, and has it of a sender that is gone by then, too.
constexpr std::string_view of_mail = "SYSLOG_FACILITY=2";
constexpr std::string_view by_root = "_UID=0";

struct CloseJournal {
    void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};
using Handle = std::unique_ptr<sd_journal, CloseJournal>;

Clocks clocks_now() {
    return {clock_now(CLOCK_REALTIME), clock_now(CLOCK_MONOTONIC), clock_now(CLOCK_BOOTTIME)};
}

std::string failure(int result, std::string_view action) {
    return core::system_error(-result, action, "the journal").message;
}

// The field's value; valid until the next is asked for. Absent when the entry has none, or is
// damaged.
std::optional<std::string_view> field(sd_journal* journal, const char* name) {
    const void* data = nullptr;
    std::size_t size = 0;
    if (sd_journal_get_data(journal, name, &data, &size) < 0) {
        return std::nullopt;
    }
    const std::string_view text(static_cast<const char*>(data), size);
    return text.substr(std::min(size, std::string_view(name).size() + 1));
}

std::optional<std::string> copy_of(std::optional<std::string_view> text) {
    return text ? std::optional<std::string>(text->substr(0, max_delivery_line)) : std::nullopt;
}

std::string cursor_of(sd_journal* journal) {
    char* cursor = nullptr;
    if (sd_journal_get_cursor(journal, &cursor) < 0) {
        return {};
    }
    std::string text = cursor;
    ::free(cursor);
    return text;
}

// What of a cursor is the entry's own, whatever file it lies in: the boot, both clocks and the
// hash.
std::string_view own_part(std::string_view cursor) {
    const auto boot = cursor.find(";b=");
    return cursor.substr(std::min(boot, cursor.size()));
}

// The monotonic clock of a cursor, in hexadecimal as it stands there; 0 if there is none.
std::uint64_t monotonic_of(std::string_view cursor) {
    const auto begin = cursor.find(";m=");
    std::uint64_t monotonic = 0;
    if (begin != std::string_view::npos) {
        std::from_chars(cursor.data() + begin + 3, cursor.data() + cursor.size(), monotonic, 16);
    }
    return monotonic;
}

// libsystemd leaves out what it cannot open, and drops what turns out to be damaged, without a
// word.
bool has_files(sd_journal* journal) {
    std::uint64_t bytes = 0;
    return sd_journal_get_usage(journal, &bytes) >= 0 && bytes > 0;
}

bool is_event(const std::string& line, Microseconds now) {
    const core::WallTime wall(std::chrono::floor<milliseconds>(now));
    return core::parse_maillog_line(line, wall, {}).has_value();
}

}  // namespace

class Journal::Reader {
   public:
    Reader(JournalLimits limits, JournalLines wanted)
        : limits_(limits), wanted_(wanted), retry_(limits.first_retry) {}

    JournalSlice read();
    JournalSlice read_after(const std::string& cursor);
    bool look();
    [[nodiscard]] pollfd descriptor() const;
    [[nodiscard]] int timeout_ms() const;

   private:
    // What an entry is known by: moved to another file it has another cursor, but the same of
    // these.
    struct Told {
        std::uint64_t realtime = 0;
        std::uint64_t monotonic = 0;
        std::string message;
        bool operator==(const Told&) const = default;
    };

    [[nodiscard]] bool take_changes();
    void read_on();
    void open();
    int seek();
    int scan();
    std::size_t take_entry();
    std::size_t take_start();
    std::size_t take_any();
    std::size_t add_line(std::string_view identifier, std::string_view message,
                         std::uint64_t realtime, std::uint64_t monotonic, std::size_t max_bytes);
    [[nodiscard]] bool looked_at_before();
    void remember_place();
    void cannot_read(std::string error);
    [[nodiscard]] bool told_before(const Told& entry);

    JournalLimits limits_;
    JournalLines wanted_;
    Handle
        journal_;  ///< also while there is nothing to read: its descriptor tells of files that come
    bool reading_ = false;  ///< the handle stands at the place
    bool ever_read_ = false;
    std::string cursor_;  ///< of the last entry that was looked at; "" before the first
    Told last_told_;
    bool sought_ = false;  ///< the place was sought anew, and what was told before may come again
    milliseconds retry_;
    std::optional<Microseconds> retry_at_{
        Microseconds(0)};  ///< on CLOCK_MONOTONIC; at first at once
    JournalSlice next_;    ///< what read() will give, as far as it was read
    State given_ = State::absent;
    std::string given_cursor_;  ///< what the slice that was given last ended with
    bool from_start_ = true;
};

JournalSlice Journal::Reader::read() {
    if (next_.lines.empty()) {
        static_cast<void>(take_changes());
        read_on();
    }
    JournalSlice slice = std::exchange(next_, {});
    next_.state = slice.state;
    next_.error = slice.error;
    given_ = slice.state;
    slice.cursor = given_cursor_ = cursor_;
    slice.from_start = from_start_ && given_ == State::reading;
    from_start_ = from_start_ && !slice.from_start;
    return slice;
}

JournalSlice Journal::Reader::read_after(const std::string& cursor) {
    if (cursor != given_cursor_) {
        next_ = {};
        cursor_ = cursor;
        reading_ = false;
    }
    return read();
}

bool Journal::Reader::look() {
    const bool due = retry_at_ && clock_now(CLOCK_MONOTONIC) >= *retry_at_;
    if (take_changes() || due) {
        read_on();
    }
    return next_.state != given_ || next_.more || !next_.lines.empty();
}

bool Journal::Reader::take_changes() {
    if (!journal_) {
        return false;
    }
    const int change = sd_journal_process(journal_.get());
    if (change < 0 || change == SD_JOURNAL_INVALIDATE) {
        reading_ = false;
    }
    return change != SD_JOURNAL_NOP;
}

// A second attempt only with a handle that was just opened: what fails then fails for good.
void Journal::Reader::read_on() {
    const bool reopened = !reading_;
    if (!reading_) {
        open();
    }
    if (!reading_) {
        return;
    }
    int result = scan();
    if (result < 0 && !reopened) {
        open();
        result = reading_ ? scan() : 0;
    }
    if (result < 0) {
        cannot_read(failure(result, "read"));
    }
}

void Journal::Reader::open() {
    reading_ = false;
    journal_.reset();
    sd_journal* opened = nullptr;
    if (const int result = sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        result < 0) {
        return cannot_read(failure(result, "open"));
    }
    journal_.reset(opened);
    if (const int result = sd_journal_get_fd(opened); result < 0) {
        return cannot_read(failure(result, "watch"));
    }
    if (!has_files(opened)) {
        return cannot_read("the journal has no files in /run/log/journal or /var/log/journal");
    }
    const int result = seek();
    if (result <= 0) {
        return cannot_read(result < 0 ? failure(result, "read")
                                      : "the journal has no entry of this boot");
    }
    reading_ = ever_read_ = true;
    retry_at_.reset();
    retry_ = limits_.first_retry;
    next_.state = State::reading;
    next_.error.clear();
}

// To before the first entry of this boot, or to the place that was reached. 0: there is no entry of
// this boot, and there was none before.
int Journal::Reader::seek() {
    sd_journal* const journal = journal_.get();
    sd_journal_set_data_threshold(journal, max_delivery_line);
    sd_id128_t boot{};
    if (const int result = sd_id128_get_boot(&boot); result < 0) {
        return result;
    }
    std::array<char, SD_ID128_STRING_MAX> boot_text{};
    const std::string of_boot =
        std::string("_BOOT_ID=") + sd_id128_to_string(boot, boot_text.data());
    if (const int result = sd_journal_add_match(journal, of_boot.data(), of_boot.size());
        result < 0) {
        return result;
    }
    if (!ever_read_) {
        sd_journal_seek_head(journal);
        if (const int result = sd_journal_next(journal); result <= 0) {
            return result;
        }
    }
    for (const std::string_view match : {of_mail, by_root}) {
        const bool anybody = match == by_root && wanted_ == JournalLines::of_postfix;
        const int result = anybody ? 0 : sd_journal_add_match(journal, match.data(), match.size());
        if (result < 0) {
            return result;
        }
    }
    sought_ = !cursor_.empty();
    const int result =
        sought_ ? sd_journal_seek_cursor(journal, cursor_.c_str()) : sd_journal_seek_head(journal);
    return result < 0 ? result : 1;
}

int Journal::Reader::scan() {
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
            remember_place();
        }
        return result == 0 && !next_.more && !has_files(journal_.get()) ? -EIO : result;
    }
}

// How many bytes it added.
std::size_t Journal::Reader::take_entry() {
    return wanted_ == JournalLines::of_starts ? take_start() : take_any();
}

std::size_t Journal::Reader::take_start() {
    sd_journal* const journal = journal_.get();
    const auto message = field(journal, "MESSAGE");
    if (!message || !core::may_tell(*message)) {
        return 0;
    }
    Told told{.message = *copy_of(message)};
    if (sd_journal_get_realtime_usec(journal, &told.realtime) < 0 ||
        sd_journal_get_monotonic_usec(journal, &told.monotonic, nullptr) < 0 || told_before(told)) {
        return 0;
    }
    const auto identifier = copy_of(field(journal, "SYSLOG_IDENTIFIER")).value_or("");
    const std::size_t bytes =
        add_line(identifier, told.message, told.realtime, told.monotonic, max_journal_line);
    if (!is_event(next_.lines.back(), clock_now(CLOCK_REALTIME))) {
        next_.lines.pop_back();
        return 0;
    }
    last_told_ = std::move(told);
    remember_place();
    return bytes;
}

std::size_t Journal::Reader::take_any() {
    sd_journal* const journal = journal_.get();
    if (looked_at_before()) {
        return 0;
    }
    const auto identifier = copy_of(field(journal, "SYSLOG_IDENTIFIER"));
    if (!identifier || !core::is_postfix_tag(*identifier)) {
        return 0;
    }
    const auto message = copy_of(field(journal, "MESSAGE"));
    std::uint64_t realtime = 0;
    std::uint64_t monotonic = 0;
    if (!message || sd_journal_get_realtime_usec(journal, &realtime) < 0 ||
        sd_journal_get_monotonic_usec(journal, &monotonic, nullptr) < 0) {
        return 0;
    }
    return add_line(*identifier, *message, realtime, monotonic, max_delivery_line);
}

std::size_t Journal::Reader::add_line(std::string_view identifier, std::string_view message,
                                      std::uint64_t realtime, std::uint64_t monotonic,
                                      std::size_t max_bytes) {
    sd_journal* const journal = journal_.get();
    auto pid = copy_of(field(journal, "SYSLOG_PID"));
    if (!pid) {
        pid = copy_of(field(journal, "_PID"));
    }
    const auto host = copy_of(field(journal, "_HOSTNAME")).value_or("");
    next_.lines.push_back(journal_line({.realtime = Microseconds(realtime),
                                        .monotonic = Microseconds(monotonic),
                                        .host = host,
                                        .identifier = identifier,
                                        .pid = pid,
                                        .message = message},
                                       clocks_now(), max_bytes));
    return next_.lines.back().size();
}

// The place that was sought is where the entry was, or was before it was moved to another file.
bool Journal::Reader::looked_at_before() {
    if (!sought_) {
        return false;
    }
    const std::string here = cursor_of(journal_.get());
    const bool same = own_part(here) == own_part(cursor_);
    const bool before = same || monotonic_of(here) < monotonic_of(cursor_);
    sought_ = before && !same;
    return before;
}

bool Journal::Reader::told_before(const Told& entry) {
    const bool before = sought_ && (entry.monotonic < last_told_.monotonic || entry == last_told_);
    sought_ = before;
    return before;
}

void Journal::Reader::remember_place() {
    if (std::string cursor = cursor_of(journal_.get()); !cursor.empty()) {
        cursor_ = std::move(cursor);
    }
}

void Journal::Reader::cannot_read(std::string error) {
    reading_ = false;
    next_.state = ever_read_ ? State::lost : State::absent;
    next_.error = std::move(error);
    next_.more = false;
    retry_at_ = clock_now(CLOCK_MONOTONIC) + retry_;
    retry_ = std::min(2 * retry_, limits_.last_retry);
}

pollfd Journal::Reader::descriptor() const {
    if (!journal_) {
        return {-1, 0, 0};
    }
    const int events = sd_journal_get_events(journal_.get());
    return {sd_journal_get_fd(journal_.get()), static_cast<short>(std::max(events, 0)), 0};
}

int Journal::Reader::timeout_ms() const {
    std::uint64_t until = UINT64_MAX;
    if (journal_ && sd_journal_get_timeout(journal_.get(), &until) < 0) {
        until = UINT64_MAX;
    }
    if (retry_at_) {
        until = std::min(until, static_cast<std::uint64_t>(retry_at_->count()));
    }
    return timeout_until(until);
}

Journal::Journal(JournalLimits limits, JournalLines wanted)
    : reader_(std::make_unique<Reader>(limits, wanted)) {
}
Journal::~Journal() = default;

JournalSlice Journal::read() {
    return reader_->read();
}
JournalSlice Journal::read_after(const std::string& cursor) {
    return reader_->read_after(cursor);
}
bool Journal::look() {
    return reader_->look();
}
pollfd Journal::descriptor() const {
    return reader_->descriptor();
}
int Journal::timeout_ms() const {
    return reader_->timeout_ms();
}

}  // namespace systemd
