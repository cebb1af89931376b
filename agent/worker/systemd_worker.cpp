// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/systemd_worker.hpp"

#include "agent/ipc/replies.hpp"

#include <algorithm>
#include <utility>

namespace agent {
namespace {

JournalRead as_reply(systemd::JournalSlice slice) {
    using From = systemd::JournalSlice::State;
    JournalRead read;
    switch (slice.state) {
        case From::reading: read.state = JournalRead::State::reading; break;
        case From::absent: read.state = JournalRead::State::absent; break;
        case From::lost: read.state = JournalRead::State::lost; break;
    }
    read.error = std::move(slice.error);
    read.lines = std::move(slice.lines);
    read.more = slice.more;
    read.from_start = slice.from_start;
    read.cursor = std::move(slice.cursor);
    return read;
}

// Of two timeouts of poll(2) the one that comes first.
int earlier(int one, int other) {
    return one < 0 || other < 0 ? std::max(one, other) : std::min(one, other);
}

}  // namespace

SystemdWorker::SystemdWorker(core::Settings settings, systemd::UnitsLimits units,
                             systemd::JournalLimits journal)
    : units_(units), journal_limits_(journal) {
    units_.process();
    given_units_ = units_.facts();
    SystemdWorker::apply(settings);
}

void SystemdWorker::apply(const core::Settings& settings) {
    settings_ = settings;
    if (settings.maillog.source == core::MaillogSource::file) {
        journal_.reset();
        counted_.reset();
    } else if (!journal_) {
        journal_ = std::make_unique<systemd::Journal>(journal_limits_);
    }
}

core::Result<Reply> SystemdWorker::handle(const Request& request) {
    switch (request.operation) {
        case Operation::observe_systemd: units_.ask(); return observe_systemd();
        case Operation::ask_systemd: units_.ask_anew(); return observe_systemd();
        case Operation::read_journal: return read_journal();
        case Operation::count_journal: return count_journal(request);
        case Operation::reread_journal: {
            journal_.reset();
            SystemdWorker::apply(settings_);
            return read_journal();
        }
        default: return core::Error{core::Errc::refused, "not an operation of the systemd worker"};
    }
}

Reply SystemdWorker::observe_systemd() {
    if (counted_told_) {
        counted_.reset();  // nobody came for it: the mail log is counted elsewhere now, perhaps
    }
    units_told_ = false;
    given_units_ = units_.facts();
    core::SystemdFacts facts = given_units_;
    facts.settled = units_.is_settled();
    return Reply{encode(facts), {}};
}

Reply SystemdWorker::read_journal() {
    journal_told_ = false;
    if (!journal_) {
        JournalRead unwanted;
        unwanted.error = "maillog.source is file";
        return Reply{encode(unwanted), {}};
    }
    return Reply{encode(as_reply(journal_->read())), {}};
}

Reply SystemdWorker::count_journal(const Request& request) {
    counted_told_ = false;
    if (!journal_) {
        return read_journal();
    }
    if (!counted_) {
        counted_ =
            std::make_unique<systemd::Journal>(journal_limits_, systemd::JournalLines::of_postfix);
    }
    return Reply{encode(as_reply(counted_->read_after(std::string(request.words())))), {}};
}

Watch SystemdWorker::watch() {
    Watch watch{.descriptors = {units_.descriptor()}, .timeout_ms = units_.timeout_ms()};
    const auto add = [&watch](const systemd::Journal& journal) {
        watch.descriptors.push_back(journal.descriptor());
        watch.timeout_ms = earlier(watch.timeout_ms, journal.timeout_ms());
    };
    if (journal_ && !journal_told_) {
        add(*journal_);
    }
    if (counted_ && !counted_told_) {
        add(*counted_);
    }
    return watch;
}

WorkerEvents SystemdWorker::on_watch(std::span<const pollfd> /*watched*/) {
    WorkerEvents events = 0;
    units_.process();
    if (!units_told_ && units_.facts() != given_units_) {
        units_told_ = true;
        events |= worker_event::units;
    }
    if (journal_ && !journal_told_ && journal_->look()) {
        journal_told_ = true;
        events |= worker_event::journal;
    }
    if (counted_ && !counted_told_ && counted_->look()) {
        counted_told_ = true;
        events |= worker_event::journal;
    }
    return events;
}

}  // namespace agent
