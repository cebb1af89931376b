// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/workers.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>

namespace agent {
namespace {

/// A worker that dies at once is not started again in a tight loop.
constexpr std::chrono::milliseconds restart_pause{1000};

}  // namespace

core::Result<void> Workers::start(const core::Settings& settings) {
    for (Slot& slot : slots_) {
        if (auto started = start_in(slot, settings); !started) {
            return started;
        }
    }
    return {};
}

FileDescriptor Workers::take_channel(WorkerKind kind) {
    return std::move(slots_[static_cast<std::size_t>(kind)].process.channel);
}

core::Result<void> Workers::start_in(Slot& slot, const core::Settings& settings) {
    auto process = start_worker(slot.kind, settings, account_);
    if (!process) {
        return process.error();
    }
    slot.process = std::move(*process);
    slot.start_at = core::BootTime::max();
    return {};
}

void Workers::ended(const ChildExit& child) {
    const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                   [&](const Slot& of) { return of.process.pid == child.pid; });
    if (slot == slots_.end()) {
        return;
    }
    slot->process = {};
    if (replaces_) {
        slot->start_at = now().boot + restart_pause;
        log(Priority::warning, "the " + std::string(to_string(slot->kind)) + " worker (pid " +
                                   std::to_string(child.pid) + ") " + child.text() +
                                   "; starting another");
    }
}

core::BootTime Workers::due() const {
    core::BootTime next = core::BootTime::max();
    for (const Slot& slot : slots_) {
        next = std::min(next, slot.start_at);
    }
    return next;
}

void Workers::start_due(core::BootTime now, const core::Settings& settings,
                        const ServerProcess& server) {
    for (Slot& slot : slots_) {
        if (slot.start_at <= now) {
            replace(slot, settings, server);
        }
    }
}

void Workers::replace(Slot& slot, const core::Settings& settings, const ServerProcess& server) {
    if (const auto started = start_in(slot, settings); !started) {
        log(Priority::error, started.error().message + "; trying again");
        slot.start_at = now().boot + restart_pause;
        return;
    }
    const FileDescriptor channel = std::move(slot.process.channel);
    if (const auto sent = server.send(slot.announcement, {}, channel.get()); !sent) {
        log(Priority::error, "send the server a new " + std::string(to_string(slot.kind)) +
                                 " worker: " + sent.error().message);
    }
}

std::vector<int> Workers::controls() const {
    std::vector<int> controls;
    for (const Slot& slot : slots_) {
        if (slot.process.control) {
            controls.push_back(slot.process.control.get());
        }
    }
    return controls;
}

bool Workers::any_runs() const {
    return std::any_of(slots_.begin(), slots_.end(),
                       [](const Slot& slot) { return slot.process.pid > 0; });
}

void Workers::end(const Signals& signals) {
    for (Slot& slot : slots_) {
        slot.process.control.reset();
    }
    const core::BootTime until = now().boot + grace;
    while (any_runs() && now().boot < until) {
        pollfd ready{signals.descriptor(), POLLIN, 0};
        ::poll(&ready, 1, static_cast<int>((until - now().boot).count()));
        while (signals.next()) {
        }
        for (Slot& slot : slots_) {
            if (slot.process.pid > 0 &&
                ::waitpid(slot.process.pid, nullptr, WNOHANG) == slot.process.pid) {
                slot.process.pid = -1;
            }
        }
    }
    for (const Slot& slot : slots_) {
        if (slot.process.pid > 0) {
            ::kill(slot.process.pid, SIGKILL);
        }
    }
}

}  // namespace agent
