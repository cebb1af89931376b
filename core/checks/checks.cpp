// SPDX-License-Identifier: Apache-2.0
#include "core/checks/checks.hpp"

#include "core/checks/finding_builder.hpp"

#include <algorithm>
#include <tuple>

namespace core {

namespace {

constexpr RemedyTemplate stop_foreign_master{
    "Stop the master that works in the wrong queue, and kill one that stays.",
    {command::show_masters, command::stop_postfix, command::show_masters}};

/// Until the foundation is repaired Postfix must not start, and other repairs must wait.
Remedy remedy_behind(const Finding& finding, Check cause, const Settings& settings) {
    Remedy remedy = fix_first(cause);
    if (finding.check == Check::master_pid && finding.reason == Reason::wrong_queue) {
        Remedy stop = filled(stop_foreign_master, settings, {});
        remedy = {stop.advice + " Then: " + remedy.advice, std::move(stop.commands)};
    }
    return remedy;
}

/// The table's remedy would restart Postfix while the cause of the failed start remains.
void point_to_the_failed_start(Findings& findings, const Facts& facts, const Settings& settings) {
    Finding& master = findings[static_cast<std::size_t>(Check::master_pid)];
    if (master.status == Status::fail &&
        master.remedy == filled(reason_info(Check::master_pid, master.reason).remedy, settings,
                                facts.instance_id)) {
        master.remedy = fix_first(Check::startup_log);
    }
}

Error refuse(const Finding& finding) {
    return {Errc::refused, std::string(to_string(finding.check)) + " " +
                               std::string(to_string(finding.reason)) + ": " + finding.output +
                               "; " + one_line(finding.remedy)};
}

}  // namespace

Findings run_checks(const Facts& facts, const Settings& settings, TimePoint now) {
    Findings findings;
    for (const CheckRow& row : check_table) {
        findings[static_cast<std::size_t>(row.check)] = row.function(facts, settings, now);
    }
    const Finding& cause = worst_of(findings);
    if (cause.status == Status::fail && cause.check == Check::startup_log) {
        point_to_the_failed_start(findings, facts, settings);
    }
    if (cause.status != Status::fail || !row_of(cause.check).is_foundation) {
        return findings;
    }
    for (Finding& finding : findings) {
        if (finding.status == Status::fail && finding.check != cause.check) {
            finding.remedy = remedy_behind(finding, cause.check, settings);
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
        return Error{Errc::refused,
                     unknown_id(facts) + "; " + one_line(unknown_id_remedy(settings))};
    }
    if (awaits_user_data(facts, settings)) {
        return Error{Errc::refused,
                     std::string(waits_for_user_data) + "; " + one_line(user_data_remedy())};
    }
    for (CheckFunction* const check : {check_mount, check_queue_link}) {
        if (const Finding finding = check(facts, settings, now); finding.status == Status::fail) {
            return refuse(finding);
        }
    }
    // Only a proven claim of another host counts: a crashed agent never stops Postfix.
    const Finding ownership = check_ownership(facts, settings, now);
    const bool taken =
        ownership.reason == Reason::held_elsewhere || ownership.reason == Reason::identity_shared;
    if (ownership.status == Status::fail && taken) {
        return refuse(ownership);
    }
    return {};
}

}  // namespace core
