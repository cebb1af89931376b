// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/excuses.hpp"

#include <algorithm>

namespace core {
namespace {

bool is_own_fault(const Finding& finding) {
    return reason_info(finding.check, finding.reason).outage == Outage::unrelated;
}

bool wants_restart_excuse(const Finding& finding) {
    return finding.status == Status::fail && finding.excuse == Excuse::restarting;
}

}  // namespace

bool Excuses::outage_is_excused(const Findings& findings, const MountFaultTracker& mount,
                                TimePoint now) {
    if (mount.is_excused()) {
        outage_seen_ = now.boot;
        return true;
    }
    const bool works = mount.fault() == MountFault::none;
    const bool all_well =
        std::none_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.status == Status::fail; });
    if (!works || all_well || (outage_seen_ && now.boot - *outage_seen_ > longest_recovery)) {
        outage_seen_.reset();
    }
    return outage_seen_.has_value();
}

void Excuses::grant(Findings& findings, const MountFaultTracker& mount, bool has_served,
                    bool has_master, TimePoint now) {
    const bool in_outage = outage_is_excused(findings, mount, now);
    if (std::any_of(findings.begin(), findings.end(), wants_restart_excuse)) {
        restarting_since_ = restarting_since_.value_or(now.boot);
        restarting_until_ = now.boot;
    } else if (now.boot - restarting_until_ > restart_is_over) {
        restarting_since_.reset();
    }
    const bool restart_is_excused =
        has_served && restarting_since_ && now.boot - *restarting_since_ <= longest_restart;
    for (Finding& finding : findings) {
        if (finding.status != Status::fail) {
            finding.excuse = Excuse::none;
        } else if (in_outage && !is_own_fault(finding) &&
                   (has_master || finding.check != Check::master_pid)) {
            finding.excuse = Excuse::shared_fault;
        } else if (!restart_is_excused) {
            finding.excuse = Excuse::none;
        }
    }
}

}  // namespace core
