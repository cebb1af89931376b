// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/journal_follower.hpp"

#include "agent/base/clock.hpp"

#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

using Source = core::StartupLogFacts::Source;

bool counts_journal(const LogCounter* counter) {
    return counter != nullptr && counter->counts(LogCounter::Source::journal);
}

}  // namespace

asio::awaitable<void> JournalFollower::follow(WorkerClient& systemd, const core::Settings& settings,
                                              LogCounter* counter) {
    if (settings.maillog.source == core::MaillogSource::file) {
        *this = JournalFollower();
        source_ = Source::missing;
        co_return;
    }
    bool more = true;
    while (more) {
        begin_or_end_counting(counter);
        auto request = make_request<Operation::read_journal>();
        request.set_text(to_text(position_));
        const auto slice = co_await systemd.ask_for(request, settings.mount.deadline);
        if (counter != nullptr) {
            counter->set_journal_is_read(slice && slice->state == JournalRead::State::reading);
        }
        if (!slice) {
            source_ = Source::lost;
            error_ = slice.error().message;
            co_return;
        }
        take_starts(*slice);
        const bool counted = position_.lines && counts_journal(counter);  // may have changed
        position_ = journal_position(slice->position);
        if (counted) {
            count(*slice, *counter);
        } else {
            position_.lines.reset();
        }
        starts_are_read_ = starts_are_read_ || source_ == Source::reading;
        more = slice->more || (starts_are_read_ && counts_journal(counter) && !position_.lines);
    }
}

void JournalFollower::begin_or_end_counting(const LogCounter* counter) {
    if (!starts_are_read_ || !counts_journal(counter)) {
        position_.lines.reset();
        return;
    }
    if (position_.lines) {
        return;
    }
    const auto& counted = counter->position();
    filter_.reset();
    if (counted && counted->source == LogCounter::Source::journal) {
        position_.lines = counted->cursor;
        return;
    }
    position_.lines.emplace();
    if (counted) {
        filter_.set(counted->stamp, now().wall);
    }
}

void JournalFollower::take_starts(const JournalRead& slice) {
    if (!history_) {
        history_.emplace(from_local_time);
        source_ = Source::catching_up;
    }
    const core::TimePoint moment = now();
    for (const std::string& line : slice.starts) {
        history_->feed(line, moment.boot_began(), moment.wall);
    }
    error_ = slice.error;
    switch (slice.state) {
        case JournalRead::State::absent: source_ = Source::missing; break;
        case JournalRead::State::lost: source_ = Source::lost; break;
        case JournalRead::State::reading: source_ = slice.more ? source_ : Source::reading; break;
    }
}

void JournalFollower::count(const JournalRead& slice, LogCounter& counter) {
    const core::TimePoint moment = now();
    std::optional<LogPosition> position;
    std::optional<core::WallTime> stamp;
    for (const std::string& line : slice.lines) {
        if (filter_.passes(line, moment.wall, from_local_time)) {
            counter.count(line, LogCounter::Source::journal);
        }
    }
    if (!slice.lines.empty()) {
        std::string_view last = slice.lines.back();
        stamp = core::take_log_time(last, moment.wall, from_local_time);
    }
    if (!position_.lines->empty() && !filter_.is_closed()) {
        const core::WallTime until = slice.more && stamp ? *stamp : moment.wall;
        position = LogPosition{
            .source = LogCounter::Source::journal, .cursor = *position_.lines, .stamp = until};
    }
    counter.reached(std::move(position), stamp, slice.more);
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
