// SPDX-License-Identifier: Apache-2.0
#include "core/checks.hpp"

#include "core/judge.hpp"

namespace core {

namespace {

constexpr std::array<std::string_view, 3> status_names{"pass", "warn", "fail"};

using CheckFunction = Finding (*)(const Facts&, const Settings&, Moment);

constexpr std::array<CheckFunction, check_count> functions{check_mount,       check_queue_link, check_master_pid,
                                                           check_startup_log, check_ownership,  check_relink};

Error refuse(const Finding& finding) {
    return {Errc::refused, std::string(to_string(finding.check)) + " " + std::string(to_string(finding.reason)) + ": " +
                               finding.output + "; " + finding.remedy};
}

}  // namespace

std::string_view to_string(Status status) noexcept {
    return status_names[static_cast<std::size_t>(status)];
}

Findings run_checks(const Facts& facts, const Settings& settings, Moment now) {
    Findings findings;
    for (std::size_t i = 0; i < check_count; ++i) {
        findings[i] = functions[i](facts, settings, now);
    }
    return findings;
}

Result<void> may_start(const Facts& facts, const Settings& settings, Moment now) {
    if (facts.instance_id.empty()) {
        return Error{Errc::refused, unknown_id(facts) +
                                        "; set instance_id in /etc/postfix-elb-agent/agent.json, or see why with "
                                        "sudo postfix-elb-agent check"};
    }
    for (const CheckFunction check : {check_mount, check_queue_link}) {
        if (const Finding finding = check(facts, settings, now); finding.status == Status::fail) {
            return refuse(finding);
        }
    }
    // Of ownership only what proves another's claim counts: a crashed agent never stops Postfix.
    const Finding ownership = check_ownership(facts, settings, now);
    const bool taken = ownership.reason == Reason::held_elsewhere || ownership.reason == Reason::identity_shared;
    if (ownership.status == Status::fail && taken) {
        return refuse(ownership);
    }
    return {};
}

}  // namespace core
