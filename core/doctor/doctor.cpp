// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/rules.hpp"
#include "core/parse/unit_name.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace core {
namespace doctor {

const UnitProperties* Machine::unit(std::string_view name) const {
    if (!facts.units) {
        return nullptr;
    }
    const auto found = std::ranges::find(*facts.units, name, &UnitProperties::name);
    return found == facts.units->end() ? nullptr : &*found;
}

// Debian's postfix.service until 12 is a oneshot that runs /bin/true; where it is more than that,
// postfix@-.service can still be loaded from its template, and is not used.
const UnitProperties* Machine::postfix() const {
    const UnitProperties* single = unit("postfix.service");
    if (is_loaded(single) && single->type != "oneshot") {
        return single;
    }
    const UnitProperties* instance = unit("postfix@-.service");
    return is_loaded(instance) ? instance : nullptr;
}

std::string Machine::mount_unit() const {
    return mount_unit_name(settings.mount.path);
}

bool is_loaded(const UnitProperties* unit) {
    return unit != nullptr && unit->load_state == "loaded";
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_within(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) &&
           (path.size() == directory.size() || path[directory.size()] == '/');
}

std::string list_of(std::span<const std::string> words) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(words.size(), most); ++i) {
        const bool last = i + 1 == words.size();
        text += (i == 0 ? "" : last ? " and " : ", ") + words[i];
    }
    return words.size() > most ? text + " and " + std::to_string(words.size() - most) + " more"
                               : text;
}

}  // namespace doctor

namespace {

using doctor::About;
using doctor::Machine;
using doctor::Needs;
using doctor::Rule;
using doctor::Seen;

constexpr std::array<std::string_view, 4> status_names{"pass", "unknown", "warn", "fail"};

std::string filled(std::string_view words, const Machine& machine) {
    const UnitProperties* postfix = machine.postfix();
    const std::array<std::pair<std::string_view, std::string>, 6> values{{
        {"{mount}", machine.settings.mount.path},
        {"{mount_unit}", machine.mount_unit()},
        {"{link}", machine.settings.queue.link},
        {"{skeleton}", machine.settings.queue.skeleton},
        {"{unit}", postfix != nullptr ? postfix->name : "postfix.service"},
        {"{port}", std::to_string(machine.settings.listen.port)},
    }};
    std::string text(words);
    for (const auto& [name, value] : values) {
        for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;
             at += value.size()) {
            text.replace(at, name.size(), value);
        }
    }
    return text;
}

Seen look(const Rule& rule, const Machine& machine) {
    if (rule.needs != Needs::nothing && !machine.facts.units) {
        return doctor::unknown("not known without systemd");
    }
    if (rule.needs == Needs::postfix && machine.postfix() == nullptr) {
        return doctor::unknown("no unit runs Postfix here");
    }
    return rule.look(machine);
}

bool is_asked(const Rule& rule, DoctorSubject subject) {
    return rule.about == About::both ||
           (rule.about == About::image) == (subject == DoctorSubject::image);
}

std::string remedy_for(const Rule& rule, const Seen& seen, const Machine& machine) {
    if (seen.status == DoctorStatus::pass) {
        return "";
    }
    if (seen.status == DoctorStatus::unknown && seen.remedy.empty()) {
        const bool is_asked =
            rule.needs == Needs::nothing;  // else it is systemd that did not answer
        return is_asked && !machine.facts.root ? "sudo postfix-elb-agent doctor" : "";
    }
    return filled(seen.remedy.empty() ? rule.remedy : seen.remedy, machine);
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
    for (const auto& rules :
         {doctor::host_rules(), doctor::agent_rules(), doctor::mount_rules(), doctor::image_rules(),
          doctor::queue_rules(), doctor::postfix_rules()}) {
        for (const Rule& rule : rules) {
            if (is_asked(rule, subject)) {
                const Seen seen = look(rule, machine);
                std::string remedy = remedy_for(rule, seen, machine);
                findings.push_back(
                    {rule.check, seen.status, filled(seen.output, machine), std::move(remedy)});
            }
        }
    }
    std::ranges::stable_sort(findings, std::greater{}, &DoctorFinding::status);
    return findings;
}

DoctorStatus worst_of(const std::vector<DoctorFinding>& findings) noexcept {
    DoctorStatus worst = findings.empty() ? DoctorStatus::unknown : DoctorStatus::pass;
    for (const DoctorFinding& finding : findings) {
        worst = std::max(worst, finding.status);
    }
    return worst;
}

}  // namespace core
