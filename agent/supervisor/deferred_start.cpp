// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/deferred_start.hpp"

#include "agent/base/log.hpp"
#include "agent/base/privileges.hpp"
#include "core/verdict/gate_wait.hpp"
#include "systemd/unit_calls.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

namespace agent {
namespace {

/// A start that is refused again, or that systemd refuses, is not tried in a tight loop.
constexpr core::BootTime pause{30'000};
constexpr std::chrono::milliseconds answer_within{5'000};
/// How long the refused start itself may take to fail, and how often that is looked at.
constexpr int looks = 100;
constexpr std::chrono::milliseconds look_again{100};

/// The gate left its mark in the middle of a start. One more that is asked for before that has
/// failed would be the same start, and fail with it.
bool is_over(const std::string& unit) {
    for (int look = 0; look < looks; ++look) {
        const auto seen = systemd::ask_unit(unit, answer_within);
        if (!seen || !core::is_starting(*seen)) {
            return true;
        }
        std::this_thread::sleep_for(look_again);
    }
    return false;
}

}  // namespace

/// A mark goes only when systemd has the job: whatever becomes of this process, nothing that was
/// refused is forgotten. A unit that the gate refuses once more meanwhile has another mark, which
/// stays.
void start_refused(const RefusedUnits& marks) {
    for (const RefusedStart& start : marks.list()) {
        if (!is_over(start.unit)) {
            continue;  // another process is starting it
        }
        if (const auto started = systemd::start_unit(start.unit, answer_within); !started) {
            log(Priority::error, "start " + start.unit + ", which was refused before: " +
                                     started.error().message + "; trying again");
            continue;
        }
        log(Priority::notice,
            "starting " + start.unit + ", which was refused before: " + start.reason);
        if (const auto cleared = marks.clear(start); !cleared) {
            log(Priority::error, cleared.error().message);
        }
    }
}

void DeferredStart::try_now(core::BootTime now) {
    if (child_ > 0 || now < next_try_ || marks_.list().empty() || !systemd::manages_this_host()) {
        return;
    }
    next_try_ = now + pause;
    const pid_t parent = ::getpid();
    child_ = ::fork();
    if (child_ < 0) {
        log(Priority::error,
            core::system_error(errno, "start", "what was refused").message + "; trying again");
    }
    if (child_ == 0) {
        die_with_parent(parent);
        close_descriptors_except({});
        ::prctl(PR_SET_NAME, "pea-start");
        start_refused(marks_);
        ::_exit(0);
    }
}

bool DeferredStart::ended(pid_t pid) {
    if (child_ <= 0 || pid != child_) {
        return false;
    }
    child_ = -1;
    return true;
}

}  // namespace agent
