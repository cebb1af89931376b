// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/doctor.hpp"

#include "core/doctor/rules.hpp"
#include "core/parse/unit_name.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

using doctor::About;
using doctor::Machine;
using doctor::Needs;
using doctor::Rule;
using doctor::Seen;

constexpr std::array<std::string_view, 4> status_names{"pass", "unknown", "warn", "fail"};

Seen look(const Rule& rule, const Machine& machine) {
    if (rule.needs != Needs::nothing && !machine.facts.units) {
        return doctor::unknown("systemd does not answer");
    }
    if (rule.needs == Needs::postfix && machine.postfix() == nullptr) {
        return doctor::unknown("no unit runs Postfix here");
    }
    Seen seen = rule.look(machine);
    const bool root_would_know = rule.needs == Needs::nothing && !machine.facts.root;
    if (seen.status == DoctorStatus::unknown && seen.remedy.advice.empty() && root_would_know) {
        const std::string option = machine.is_image() ? " --image" : "";
        seen.remedy = {"Run doctor as root.", {"sudo postfix-elb-agent doctor" + option}};
    }
    return seen;
}

bool applies_to(const Rule& rule, DoctorSubject subject) {
    return rule.about == About::both ||
           (rule.about == About::image) == (subject == DoctorSubject::image);
}

DoctorFinding finding_of(const Rule& rule, const Machine& machine) {
    Seen seen = look(rule, machine);
    for (std::string& command : seen.remedy.commands) {
        command = machine.command(command);
    }
    seen.remedy.advice = machine.text(seen.remedy.advice);
    return {rule.check, seen.status, machine.text(seen.output), std::move(seen.remedy)};
}

}  // namespace

std::string_view to_string(DoctorStatus status) noexcept {
    return status_names[static_cast<std::size_t>(status)];
}

std::vector<std::string> unit_names_for(const Settings& settings) {
    std::vector<std::string> names = units_that_must_start();
    for (const char* name : {"postfix-elb-agent.socket", "postfix-elb-agent-nfs-identity.service",
                             "cloud-final.service", "cloud-init.target", "multi-user.target"}) {
        names.emplace_back(name);
    }
    names.push_back(mount_unit_name(settings.mount.path));
    return names;
}

const std::vector<std::string>& units_that_must_start() {
    static const std::vector<std::string> names{"postfix-elb-agent.service", "postfix.service",
                                                "postfix@-.service"};
    return names;
}

std::vector<DoctorFinding> diagnose(const DoctorFacts& facts, const Settings& settings,
                                    DoctorSubject subject) {
    const Machine machine{facts, settings, subject};
    std::vector<DoctorFinding> findings;
    for (const Rule& rule : doctor::rules()) {
        if (applies_to(rule, subject)) {
            findings.push_back(finding_of(rule, machine));
        }
    }
    std::ranges::stable_sort(findings, std::greater{}, &DoctorFinding::status);
    return findings;
}

DoctorStatus worst_of(const std::vector<DoctorFinding>& findings) noexcept {
    const auto worst = std::ranges::max_element(findings, {}, &DoctorFinding::status);
    return worst == findings.end() ? DoctorStatus::unknown : worst->status;
}

}  // namespace core
