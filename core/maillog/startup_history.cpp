// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/startup_history.hpp"

#include <algorithm>
#include <utility>

namespace core {
namespace {

// A traditional stamp is cut to whole seconds, and the beginning of the boot is a difference of two
// clocks.
constexpr std::chrono::seconds stamp_slack{1};

// `master -w` and postfix-script report the failed start as soon as the child that logged the cause
// has ended.
constexpr std::chrono::seconds aftermath_window{10};

constexpr std::chrono::milliseconds one_tick{1};

StartFailure::Kind failure_kind(LogEvent::Kind kind) {
    switch (kind) {
        case LogEvent::Kind::already_running: return StartFailure::Kind::already_running;
        case LogEvent::Kind::lock_refused: return StartFailure::Kind::lock_refused;
        default: return StartFailure::Kind::start_failed;
    }
}

}  // namespace

void StartupHistory::feed(std::string_view line, WallTime boot_began, WallTime now) {
    auto event = parse_maillog_line(line, now, local_time_);
    if (!event || event->at + stamp_slack < boot_began) {
        return;
    }
    event->at = std::min(event->at, now);
    switch (event->kind) {
        case LogEvent::Kind::daemon_started: remember_start(event->at); break;
        case LogEvent::Kind::terminated: master_runs_ = false; break;
        default: remember_failure(std::move(*event)); break;
    }
}

void StartupHistory::remember_start(WallTime at) {
    ++counts_.daemon_started;
    last_started_ = last_failure_ ? std::max(at, last_failure_->at + one_tick) : at;
    unfinished_.reset();
    master_runs_ = true;
}

void StartupHistory::remember_failure(LogEvent event) {
    if (event.kind == LogEvent::Kind::aftermath && unfinished_ &&
        event.at - *unfinished_ <= aftermath_window) {
        return;
    }
    if (last_started_) {
        event.at = std::max(event.at, *last_started_ + one_tick);
    }
    unfinished_ = event.at;
    const StartFailure::Kind kind = failure_kind(event.kind);
    count(kind);
    const bool harmless = master_runs_ && kind != StartFailure::Kind::start_failed;
    if (harmless && a_failure_counts()) {
        return;
    }
    last_failure_ = StartFailure{
        .kind = kind, .at = event.at, .line = std::move(event.text), .beside_master = harmless};
}

bool StartupHistory::a_failure_counts() const {
    return last_failure_ && !last_failure_->beside_master &&
           (!last_started_ || *last_started_ < last_failure_->at);
}

void StartupHistory::count(StartFailure::Kind kind) {
    switch (kind) {
        case StartFailure::Kind::already_running: ++counts_.already_running; break;
        case StartFailure::Kind::lock_refused: ++counts_.lock_refused; break;
        case StartFailure::Kind::start_failed: ++counts_.start_failed; break;
    }
}

}  // namespace core
