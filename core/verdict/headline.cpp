// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/headline.hpp"

#include <algorithm>

namespace core {

namespace {

bool only_ready_fails(const Verdict& verdict) {
    return verdict.health != Status::fail && verdict.ready == Status::fail;
}

}  // namespace

const std::string& text_of(const Verdict& verdict) {
    return verdict.ready_output.empty() ? verdict.output : verdict.ready_output;
}

Finding cause_of(const Verdict& verdict) {
    Findings findings = verdict.checks;
    for (Finding& finding : findings) {
        if (only_ready_fails(verdict) && finding.excuse != Excuse::none) {
            finding.status = Status::fail;
        }
    }
    return worst_of(findings);
}

Headline headline_of(const Verdict& verdict) {
    const Finding cause = cause_of(verdict);
    // A fault that hysteresis still hides already has an attribution.
    const MountFault fault = text_of(verdict).empty() ? MountFault::none : verdict.mount_fault;
    return {verdict.phase, verdict.health, verdict.ready, fault,
            cause.check,   cause.reason,   cause.excuse};
}

VerdictKey key_of(const Verdict& verdict) {
    VerdictKey key{headline_of(verdict), {}};
    std::ranges::transform(verdict.checks, key.checks.begin(), [](const Finding& finding) {
        return VerdictKey::Row{finding.status, finding.reason, finding.excuse};
    });
    return key;
}

}  // namespace core
