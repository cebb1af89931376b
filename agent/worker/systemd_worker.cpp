// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/systemd_worker.hpp"

#include "agent/ipc/journal_position.hpp"

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
    read.starts = std::move(slice.starts);
    read.lines = std::move(slice.lines);
    read.more = slice.more;
    read.position = to_text({slice.position.starts, slice.position.lines});
    return read;
}

// The earlier of two timeouts of poll(2).
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
    } else if (!journal_) {
        journal_ = std::make_unique<systemd::Journal>(journal_limits_);
    }
}

core::Result<Reply> SystemdWorker::handle(const Request& request) {
    using Handlers =
        HandlerTable<WorkerKind::systemd,  //
                     Handler<Operation::observe_systemd, &SystemdWorker::observe_systemd>,
                     Handler<Operation::ask_systemd, &SystemdWorker::ask_systemd>,
                     Handler<Operation::read_journal, &SystemdWorker::read_journal>>;
    return Handlers::handle(*this, request);
}

core::SystemdFacts SystemdWorker::observe_systemd() {
    units_.ask();
    return units();
}

core::SystemdFacts SystemdWorker::ask_systemd() {
    units_.ask_again();
    return units();
}

core::SystemdFacts SystemdWorker::units() {
    units_notified_ = false;
    given_units_ = units_.facts();
    core::SystemdFacts facts = given_units_;
    facts.settled = units_.is_settled();
    return facts;
}

JournalRead SystemdWorker::read_journal(const Request& request) {
    journal_notified_ = false;
    if (!journal_) {
        JournalRead unwanted;
        unwanted.error = "maillog.source is file";
        unwanted.position = request.text_view();
        return unwanted;
    }
    JournalPosition after = journal_position(request.text_view());
    return as_reply(journal_->read({std::move(after.starts), std::move(after.lines)}));
}

Watch SystemdWorker::watch() {
    Watch watch{.descriptors = {units_.descriptor()}, .timeout_ms = units_.timeout_ms()};
    if (journal_ && !journal_notified_) {
        watch.descriptors.push_back(journal_->descriptor());
        watch.timeout_ms = earlier(watch.timeout_ms, journal_->timeout_ms());
    }
    return watch;
}

WorkerEvents SystemdWorker::on_watch(std::span<const pollfd> /*watched*/) {
    WorkerEvents events = 0;
    units_.process();
    if (!units_notified_ && units_.facts() != given_units_) {
        units_notified_ = true;
        events |= worker_event::units;
    }
    if (journal_ && !journal_notified_ && journal_->look()) {
        journal_notified_ = true;
        events |= worker_event::journal;
    }
    return events;
}

}  // namespace agent
