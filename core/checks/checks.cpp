// SPDX-License-Identifier: Apache-2.0
#include "core/checks/checks.hpp"

#include "core/checks/finding_builder.hpp"

#include <algorithm>
#include <tuple>

namespace core {

namespace {

using CheckFunction = Finding (*)(const Facts&, const Settings&, TimePoint);

constexpr std::array<CheckFunction, check_count> functions{check_mount,      check_queue_link,
                                                           check_master_pid, check_startup_log,
                                                           check_ownership,  check_relink};

/// Whether other faults follow from one of this check.
bool is_a_foundation(Check check) {
    return check == Check::mount || check == Check::ownership || check == Check::relink ||
           check == Check::queue_link;
}

/// Nobody shall start Postfix, or mend a thing, on a foundation that is not there.
std::string remedy_behind(const Finding& finding, Check cause) {
    const bool foreign_master =
        finding.check == Check::master_pid && finding.reason == Reason::wrong_queue;
    return (foreign_master
                ? "sudo systemctl stop postfix (or sudo kill that master if it stays), then "
                : "") +
           see_to(cause);
}

/// The table would have Postfix restarted, whatever kept it from starting the last time.
void point_to_the_failed_start(Findings& findings, const Facts& facts, const Settings& settings) {
    Finding& master = findings[static_cast<std::size_t>(Check::master_pid)];
    if (master.status != Status::fail) {
        return;
    }
    const std::string_view usual = reason_info(Check::master_pid, master.reason).remedy;
    if (master.remedy == fill_remedy(usual, settings, facts.instance_id)) {
        master = with_remedy(master, see_to(Check::startup_log));
    }
}

Error refuse(const Finding& finding) {
    return {Errc::refused, std::string(to_string(finding.check)) + " " +
                               std::string(to_string(finding.reason)) + ": " + finding.output +
                               "; " + finding.remedy};
}

}  // namespace

Findings run_checks(const Facts& facts, const Settings& settings, TimePoint now) {
    Findings findings;
    for (std::size_t i = 0; i < check_count; ++i) {
        findings[i] = functions[i](facts, settings, now);
    }
    const Finding& cause = worst_of(findings);
    if (cause.status == Status::fail && cause.check == Check::startup_log) {
        point_to_the_failed_start(findings, facts, settings);
    }
    if (cause.status != Status::fail || !is_a_foundation(cause.check)) {
        return findings;
    }
    for (Finding& finding : findings) {
        if (finding.status == Status::fail && finding.check != cause.check) {
            finding = with_remedy(finding, remedy_behind(finding, cause.check));
        }
    }
    return findings;
}

const Finding& worst_of(const Findings& findings) {
    return *std::min_element(findings.begin(), findings.end(),
                             [](const Finding& a, const Finding& b) {
                                 return std::tuple(b.status, cause_rank(a.check, a.reason)) <
                                        std::tuple(a.status, cause_rank(b.check, b.reason));
                             });
}

Result<void> may_start(const Facts& facts, const Settings& settings, TimePoint now) {
    if (facts.instance_id.empty()) {
        return Error{Errc::refused, unknown_id(facts) + "; " + unknown_id_remedy(settings)};
    }
    if (awaits_user_data(facts, settings)) {
        return Error{Errc::refused,
                     std::string(waits_for_user_data) + "; " + std::string(user_data_remedy)};
    }
    for (const CheckFunction check : {check_mount, check_queue_link}) {
        if (const Finding finding = check(facts, settings, now); finding.status == Status::fail) {
            return refuse(finding);
        }
    }
    // Of ownership only what proves another's claim counts: a crashed agent never stops Postfix.
    const Finding ownership = check_ownership(facts, settings, now);
    const bool taken =
        ownership.reason == Reason::held_elsewhere || ownership.reason == Reason::identity_shared;
    if (ownership.status == Status::fail && taken) {
        return refuse(ownership);
    }
    return {};
}

}  // namespace core
