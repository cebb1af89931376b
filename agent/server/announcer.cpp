// SPDX-License-Identifier: Apache-2.0
#include "agent/server/announcer.hpp"

#include "agent/control.hpp"
#include "agent/log.hpp"

namespace agent {
namespace {

std::string one_line(const core::Verdict& verdict) {
    std::string line = "health " + std::string(to_string(verdict.health)) + ", ready " +
                       std::string(to_string(verdict.ready)) + ", " + std::string(to_string(verdict.phase));
    return verdict.output.empty() ? line : line + ": " + verdict.output;
}

/// What makes a change worth a line: not the ages and counters that an output may hold.
std::string essence(const core::Verdict& verdict) {
    std::string text = std::string(to_string(verdict.phase)) + std::string(to_string(verdict.health));
    for (const core::Finding& finding : verdict.checks) {
        text.append(" ").append(to_string(finding.status)).append(to_string(finding.reason));
    }
    return text;
}

}  // namespace

void Announcer::announce(const core::Verdict& verdict) {
    // The supervisor always reads; should it not, a status line is not worth waiting for.
    const auto tell = [this](ControlKind kind, std::string_view text = {}) {
        static_cast<void>(send_control(control_, kind, text));
    };
    const bool linked = verdict.checks[static_cast<std::size_t>(core::Check::relink)].status == core::Status::pass;
    if (linked && !ready_) {
        ready_ = true;
        tell(ControlKind::ready);
    }
    if (std::string now = essence(verdict); now != last_essence_) {
        last_essence_ = std::move(now);
        const std::string line = one_line(verdict);
        if (line == last_line_) {
            return tell(ControlKind::alive);  // what changed stands behind what is said
        }
        last_line_ = line;
        log(verdict.health == core::Status::fail ? Priority::warning : Priority::notice, line);
        tell(ControlKind::status, line);
    }
    tell(ControlKind::alive);
}

}  // namespace agent
