// SPDX-License-Identifier: Apache-2.0
#include "agent/server/health_monitor.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/server/published_answers.hpp"
#include "core/checks/postfix_unit.hpp"
#include "core/verdict/fault_attribution.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// The longest pause before a failed relink is retried.
constexpr core::Duration longest_relink_pause = std::chrono::minutes(1);
/// Events within this time are handled together.
constexpr core::Duration shortest_pause = std::chrono::milliseconds(50);
/// The longest pause between two reads of a busy log. Why: a busy relay writes thousands of lines a
/// second, and one wake-up costs more than a hundred lines.
constexpr core::Duration busy_log_pause = std::chrono::milliseconds(200);
/// The log is read at least this often, in case no event arrives (no inotify watch left, say).
constexpr core::Duration longest_log_pause = std::chrono::minutes(1);
/// systemd is asked at least this often, in case a signal of it is lost.
constexpr core::Duration longest_unit_pause = std::chrono::seconds(30);
constexpr core::Duration forever = std::chrono::hours(24);

/// The events that observe_host answers.
constexpr WorkerEvents about_host =
    worker_event::mounts | worker_event::link | worker_event::master;

/// No process holds the lock on the id, and the record names no other instance.
bool id_is_unowned(const core::Facts& facts) {
    using State = core::OwnershipFacts::State;
    if (!facts.mount.value || facts.mount.value->answer != core::MountFacts::Answer::answered) {
        return false;
    }
    const core::OwnershipFacts& ownership = facts.mount.value->ownership;
    return ownership.state == State::unclaimed ||
           (ownership.state == State::lost && ownership.holder.instance_id.empty());
}

}  // namespace

HealthMonitor::HealthMonitor(asio::io_context& context, core::Settings settings, Publish publish)
    : settings_(std::move(settings)),
      publish_(std::move(publish)),
      collector_(context, [this](WorkerEvents events) { notice(events); }),
      round_(context),
      host_(context),
      maillog_(context),
      journal_(context),
      file_server_(context),
      round_ended_(now().boot) {
}

void HealthMonitor::EventMailbox::put(WorkerEvents more) {
    events |= more;
    timer.cancel();
}

asio::awaitable<WorkerEvents> HealthMonitor::EventMailbox::take(core::Duration longest) {
    if (events == 0) {
        timer.expires_after(longest);
        co_await timer.async_wait(as_result);
    }
    co_return std::exchange(events, 0);
}

void HealthMonitor::notice(WorkerEvents events) {
    if ((events & (about_host | worker_event::units)) != 0) {
        host_.put(events);
    }
    if ((events & worker_event::maillog) != 0) {
        maillog_.put(events);
    }
    if ((events & worker_event::journal) != 0) {
        journal_.put(events);
    }
    if ((events & worker_is_free) != 0) {
        // Requests failed meanwhile, and events were lost.
        host_.put(about_host | worker_event::units);
        maillog_.put(worker_event::maillog);
        journal_.put(worker_event::journal);
        request_round();
    }
}

void HealthMonitor::worker_started(WorkerKind kind) {
    switch (kind) {
        case WorkerKind::host: notice(worker_event::maillog); break;
        case WorkerKind::systemd: notice(worker_event::units | worker_event::journal); break;
        case WorkerKind::mount: break;
    }
    request_round();
}

void HealthMonitor::apply(core::Settings settings) {
    settings_ = std::move(settings);
    notice(worker_event::maillog | worker_event::journal);
    request_round();
}

void HealthMonitor::drain() {
    health_.drain();
    publish();
}

void HealthMonitor::request_round() {
    round_.put(1);
}

void HealthMonitor::publish() {
    const core::Facts& facts = collector_.facts();
    const core::Verdict verdict = health_.evaluate(facts, settings_, now());
    if (core::ask_is_due(health_.mount_fault(), facts.file_server, now())) {
        file_server_.put(1);
    }
    last_words_.note(verdict);
    publish_(verdict, facts, round_ended_ + longest_round(settings_));
}

/// Due until it is done, unless it must wait for user data. Due again when the id is unowned: a
/// restarted mount worker holds no lock yet, and a lock that no other owner has taken can be
/// acquired again.
bool HealthMonitor::relink_is_due() const {
    const core::Facts& facts = collector_.facts();
    if (facts.instance_id.empty() || facts.mount_hung_since || now().boot < next_relink_) {
        return false;
    }
    const bool done =
        facts.relink.value && facts.relink.value->state == core::RelinkProgress::State::done;
    return done ? id_is_unowned(facts) : !core::awaits_user_data(facts, settings_);
}

asio::awaitable<void> HealthMonitor::relink() {
    bool more = true;
    while (more) {
        co_await collector_.continue_relink(settings_);
        const core::RelinkProgress& progress = *collector_.facts().relink.value;
        for (const std::string& line : progress.log) {
            log(Priority::notice, "relink: " + line);
        }
        more = progress.more;
        if (more) {
            round_ended_ = now().boot;
            publish();
        }
    }
}

asio::awaitable<void> HealthMonitor::relink_if_due() {
    if (!relink_is_due()) {
        co_return;
    }
    co_await relink();
    const bool failed =
        collector_.facts().relink.value->state == core::RelinkProgress::State::failed;
    relink_pause_ = failed ? std::clamp(relink_pause_ * 2, settings_.checks.interval,
                                        std::max(settings_.checks.interval, longest_relink_pause))
                           : core::Duration(0);
    next_relink_ = now().boot + relink_pause_;
    if (!failed) {
        co_await collect_facts();
    }
}

asio::awaitable<void> HealthMonitor::collect_facts() {
    co_await collector_.collect_mount(settings_);
    const auto& systemd = collector_.facts().systemd;
    if (!systemd.value || now().boot - systemd.at.boot >= longest_unit_pause) {
        co_await collector_.collect_systemd_and_host(settings_);
    } else {
        co_await collector_.collect_host(settings_);
    }
    if (core::lock_matters(collector_.facts(), settings_)) {
        co_await collector_.ask_lock(settings_);
    }
}

asio::awaitable<void> HealthMonitor::run_rounds() {
    for (;;) {
        co_await collect_facts();
        co_await relink_if_due();
        round_ended_ = now().boot;
        publish();
        const auto& mount = collector_.facts().mount.value;
        const bool answers = !collector_.facts().mount_hung_since && mount &&
                             mount->answer == core::MountFacts::Answer::answered;
        co_await last_words_.write_if_due(collector_.client(WorkerKind::mount), settings_, answers);
        co_await pause(shortest_pause);
        co_await round_.take(std::max(settings_.checks.interval - shortest_pause, shortest_pause));
    }
}

asio::awaitable<void> HealthMonitor::watch_host() {
    for (;;) {
        const WorkerEvents events = co_await host_.take(forever);
        if (events == 0) {
            continue;
        }
        if ((events & worker_event::units) != 0) {
            co_await collector_.collect_systemd_and_host(settings_);
        } else {
            co_await collector_.collect_host(settings_);
        }
        publish();
        request_round();  // the mount may have changed, too: a new pid file, a new mount
        co_await pause(shortest_pause);
    }
}

asio::awaitable<void> HealthMonitor::follow_maillog() {
    return follow(maillog_, &FactCollector::read_maillog);
}

asio::awaitable<void> HealthMonitor::follow_journal() {
    return follow(journal_, &FactCollector::read_journal);
}

asio::awaitable<void> HealthMonitor::follow(EventMailbox& mailbox, ReadLog read) {
    core::Duration rest = shortest_pause;
    for (;;) {
        co_await mailbox.take(longest_log_pause);
        const auto before = collector_.facts().startup_log.value;
        co_await (collector_.*read)(settings_);
        publish_if_changed(before);
        co_await pause(rest);
        rest = mailbox.events != 0 ? std::min(2 * rest, busy_log_pause) : shortest_pause;
    }
}

/// Most lines of a mail log change no fact.
void HealthMonitor::publish_if_changed(const std::optional<core::StartupLogFacts>& before) {
    if (before != collector_.facts().startup_log.value) {
        publish();
        request_round();
    }
}

asio::awaitable<void> HealthMonitor::watch_file_server() {
    for (;;) {
        co_await file_server_.take(forever);
        // An answer may have arrived since the request.
        if (core::ask_is_due(health_.mount_fault(), collector_.facts().file_server, now())) {
            co_await collector_.ask_file_server(settings_);
            publish();
        }
    }
}

asio::awaitable<void> HealthMonitor::pause(core::Duration duration) {
    asio::steady_timer timer(co_await asio::this_coro::executor, duration);
    co_await timer.async_wait(as_result);
}

}  // namespace agent
