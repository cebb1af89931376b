// SPDX-License-Identifier: Apache-2.0
#include "agent/server/journal_follower.hpp"

#include "agent/clock.hpp"

#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

using Source = core::StartupLogFacts::Source;

}  // namespace

void JournalFollower::take(const JournalRead& slice) {
    if (slice.from_start || !history_) {
        history_.emplace(from_local_time);
        source_ = Source::catching_up;
    }
    const core::Moment moment = now();
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

asio::awaitable<void> JournalFollower::follow(WorkerClient& systemd, const core::Settings& settings) {
    if (settings.maillog.source == core::MaillogSource::file) {
        history_.reset();
        source_ = Source::missing;
        co_return;
    }
    bool more = true;
    while (more) {
        const Request request = make_request(missed_ ? Operation::reread_journal : Operation::read_journal);
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
