// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/journal_follower.hpp"

#include "agent/base/clock.hpp"

#include <algorithm>
#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

using Source = core::StartupLogFacts::Source;

Request count_journal_after(const std::string& cursor) {
    Request request = make_request(Operation::count_journal);
    request.text_length = std::min(cursor.size(), request.text.size());
    std::copy_n(cursor.begin(), request.text_length, request.text.begin());
    return request;
}

}  // namespace

void JournalFollower::take(const JournalRead& slice) {
    if (slice.from_start || !history_) {
        history_.emplace(from_local_time);
        source_ = Source::catching_up;
    }
    const core::TimePoint moment = now();
    for (const std::string& line : slice.lines) {
        history_->feed(line, moment.boot_began(), moment.wall);
    }
    error_ = slice.error;
    switch (slice.state) {
        case JournalRead::State::absent: source_ = Source::missing; break;
        case JournalRead::State::lost: source_ = Source::lost; break;
        case JournalRead::State::reading: source_ = slice.more ? source_ : Source::reading; break;
    }
}

asio::awaitable<void> JournalFollower::follow(WorkerClient& systemd, const core::Settings& settings,
                                              LogCounter* counting) {
    if (settings.maillog.source == core::MaillogSource::file) {
        history_.reset();
        source_ = Source::missing;
        counts_ = false;
        co_return;
    }
    co_await read(systemd, settings);
    if (counting != nullptr) {
        co_await count(systemd, settings, *counting);
    }
}

asio::awaitable<void> JournalFollower::read(WorkerClient& systemd, const core::Settings& settings) {
    bool more = true;
    while (more) {
        const Request request =
            make_request(missed_ ? Operation::reread_journal : Operation::read_journal);
        const auto slice = co_await systemd.ask_for<JournalRead>(request, settings.mount.deadline);
        missed_ = !slice;
        if (missed_) {
            source_ = Source::lost;
            error_ = slice.error().message;
            co_return;
        }
        take(*slice);
        more = slice->more;
    }
}

/// A slice that was not received is asked for again: the cursor says after which entry.
asio::awaitable<void> JournalFollower::count(WorkerClient& systemd, const core::Settings& settings,
                                             LogCounter& counting) {
    const bool counted_before =
        std::exchange(counts_, counting.counts(LogCounter::Source::journal));
    if (counts_ && !counted_before) {
        const auto& position = counting.position();
        const bool here = position && position->source == LogCounter::Source::journal;
        cursor_ = here ? position->cursor : std::string();
        barrier_.reset();
        if (position && !here) {
            barrier_.set(position->stamp, now().wall);
        }
    }
    bool more = counts_;
    while (more) {
        const Request request = count_journal_after(cursor_);
        const auto slice = co_await systemd.ask_for<JournalRead>(request, settings.mount.deadline);
        counts_ = counting.counts(LogCounter::Source::journal);  // it may have changed meanwhile
        counting.set_journal_is_read(slice && slice->state == JournalRead::State::reading);
        if (!slice || !counts_) {
            co_return;
        }
        count(*slice, counting);
        more = slice->more;
    }
}

void JournalFollower::count(const JournalRead& slice, LogCounter& counting) {
    const core::TimePoint moment = now();
    std::optional<LogPosition> position;
    std::optional<core::WallTime> stamp;
    for (const std::string& line : slice.lines) {
        if (barrier_.passes(line, moment.wall, from_local_time)) {
            counting.count(line, LogCounter::Source::journal);
        }
    }
    if (!slice.lines.empty()) {
        std::string_view last = slice.lines.back();
        stamp = core::take_log_time(last, moment.wall, from_local_time);
    }
    if (!slice.cursor.empty()) {
        cursor_ = slice.cursor;
    }
    if (!slice.cursor.empty() && !barrier_.is_closed()) {
        const core::WallTime until = slice.more && stamp ? *stamp : moment.wall;
        position =
            LogPosition{.source = LogCounter::Source::journal, .cursor = cursor_, .stamp = until};
    }
    counting.reached(std::move(position), stamp, slice.more);
}

core::StartupLogFacts JournalFollower::facts() const {
    core::StartupLogFacts facts;
    facts.source = source_;
    facts.path = "the journal";
    facts.error = error_;
    if (history_) {
        facts.last_failure = history_->last_failure();
        facts.last_started = history_->last_started();
    }
    return facts;
}

}  // namespace agent
