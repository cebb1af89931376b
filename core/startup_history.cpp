// SPDX-License-Identifier: Apache-2.0
#include "core/startup_history.hpp"

#include <algorithm>
#include <utility>

namespace core {
namespace {

// A traditional stamp is cut to whole seconds, and the beginning of the boot is a difference of two clocks.
constexpr std::chrono::seconds stamp_slack{1};

// `master -w` and postfix-script say that the start failed as soon as the child that said why is gone.
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
    if (event->kind != LogEvent::Kind::daemon_started) {
        remember_failure(std::move(*event));
        return;
    }
    ++counts_.daemon_started;
    last_started_ = last_failure_ ? std::max(event->at, last_failure_->at + one_tick) : event->at;
}

void StartupHistory::remember_failure(LogEvent event) {
    const bool unfinished = last_failure_ && (!last_started_ || *last_started_ < last_failure_->at);
    if (event.kind == LogEvent::Kind::aftermath && unfinished && event.at - last_failure_->at <= aftermath_window) {
        return;
    }
    if (last_started_) {
        event.at = std::max(event.at, *last_started_ + one_tick);
    }
    last_failure_ = StartFailure{.kind = failure_kind(event.kind), .at = event.at, .line = std::move(event.text)};
    count(last_failure_->kind);
}

void StartupHistory::count(StartFailure::Kind kind) {
    switch (kind) {
        case StartFailure::Kind::already_running: ++counts_.already_running; break;
        case StartFailure::Kind::lock_refused: ++counts_.lock_refused; break;
        case StartFailure::Kind::start_failed: ++counts_.start_failed; break;
    }
}

}  // namespace core
