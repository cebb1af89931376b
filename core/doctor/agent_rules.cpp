// SPDX-License-Identifier: Apache-2.0
// The agent's own units, and the order in which systemd starts things.
#include "core/doctor/rules.hpp"

#include <algorithm>
#include <array>

namespace core::doctor {
namespace {

constexpr const char* service = "postfix-elb-agent.service";
constexpr const char* socket = "postfix-elb-agent.socket";

bool is_enabled(const UnitProperties& unit) {
    return unit.unit_file_state.starts_with("enabled");
}

Seen systemd(const Machine& machine) {
    return machine.facts.units ? pass("systemd answers")
                               : Seen{DoctorStatus::unknown, machine.facts.units.error().message,
                                      "systemctl is-system-running; sudo systemctl status dbus"};
}

Seen agent_unit(const Machine& machine) {
    const UnitProperties* unit = machine.unit(service);
    if (unit == nullptr || unit->load_state == "not-found") {
        return fail(std::string(service) + " is not installed");
    }
    if (unit->load_state == "masked") {
        return fail(std::string(service) + " is masked",
                    "sudo systemctl unmask postfix-elb-agent.service");
    }
    if (unit->load_state != "loaded") {
        return fail(std::string(service) + " is not usable: " + unit->load_state,
                    "systemd-analyze verify postfix-elb-agent.service says what is wrong with it");
    }
    return is_enabled(*unit)
               ? pass("installed and enabled")
               : fail("not enabled (" + unit->unit_file_state + "): it does not start at boot",
                      "sudo systemctl enable postfix-elb-agent.service");
}

Seen agent_active(const Machine& machine) {
    const UnitProperties* unit = machine.unit(service);
    if (!is_loaded(unit)) {
        return unknown("there is no unit to start");
    }
    const std::string why = unit->status_text.empty() ? "" : ": " + unit->status_text;
    if (unit->active_state == "active" || unit->active_state == "reloading") {
        return pass(unit->active_state + why);
    }
    if (unit->active_state == "activating" && unit->sub_state != "auto-restart") {
        return warn("it is starting, Postfix waits for it" + why,
                    "sudo postfix-elb-agent check says what it waits for");
    }
    return fail(unit->active_state + " (" + unit->sub_state + ")" + why);
}

Seen agent_socket(const Machine& machine) {
    const UnitProperties* unit = machine.unit(socket);
    if (!is_loaded(unit)) {
        return warn(std::string(socket) +
                    " is not installed: a restart of the agent refuses probes");
    }
    if (!is_enabled(*unit)) {
        return warn(
            "not enabled (" + unit->unit_file_state + "): a restart of the agent refuses probes",
            "sudo systemctl enable postfix-elb-agent.socket");
    }
    const std::string port = ":" + std::to_string(machine.settings.listen.port);
    const bool same = std::ranges::any_of(unit->listens, [&](const std::string& address) {
        return address.ends_with(port) || ":" + address == port;
    });
    if (!same) {
        return warn(
            "listens on " + list_of(unit->listens) + ", listen.port is " + port.substr(1) +
                ": what systemd listens on is what counts",
            "sudo systemctl edit postfix-elb-agent.socket, with the lines [Socket], ListenStream= "
            "and "
            "ListenStream={port}; then sudo systemctl daemon-reload, sudo systemctl restart "
            "postfix-elb-agent.socket postfix-elb-agent.service");
    }
    return pass("enabled, on port " + port.substr(1));
}

bool waits_for_user_data(const UnitProperties& unit) {
    return contains(unit.after, "cloud-final.service") || contains(unit.after, "cloud-init.target");
}

Seen agent_order(const Machine& machine) {
    const UnitProperties* unit = machine.unit(service);
    if (!is_loaded(unit)) {
        return unknown("there is no unit to start");
    }
    const std::string mount = machine.mount_unit();
    const bool mounts = std::ranges::any_of(unit->mounts_required, [&](const std::string& path) {
        return is_within(path, machine.settings.mount.path);
    });
    if (mounts || contains(unit->required, mount)) {
        return fail(
            "it requires the mount: without it the agent never runs, and nobody learns why");
    }
    if (waits_for_user_data(*unit)) {
        return fail(
            "it waits for cloud-init's last stage: until then /health refuses, and on many systems "
            "that is a "
            "cycle",
            "sudo systemctl edit --full postfix-elb-agent.service: take cloud-final.service and "
            "cloud-init.target out of After=; to relink after user data: queue.after_user_data");
    }
    return contains(unit->after, mount)
               ? warn("it starts only after the mount was tried: until then /health refuses")
               : pass("starts early, needs neither network nor mount");
}

// The way back to `name` over After= alone; "" if there is none. Only the units that were asked for
// are known.
std::string way_back(const Machine& machine, const std::string& name, const std::string& at,
                     std::vector<std::string>& visited) {
    const UnitProperties* unit = machine.unit(at);
    if (!is_loaded(unit)) {
        return "";
    }
    for (const std::string& before : unit->after) {
        if (before == name) {
            return before;
        }
        if (!contains(visited, before)) {
            visited.push_back(before);
            if (const std::string rest = way_back(machine, name, before, visited); !rest.empty()) {
                return before + " after " + rest;
            }
        }
    }
    return "";
}

Seen ordering_cycle(const Machine& machine) {
    for (const std::string& name : units_that_must_start()) {
        std::vector<std::string> visited;
        if (const std::string way = way_back(machine, name, name, visited); !way.empty()) {
            return fail(name + " after " + way + ": systemd drops one of them at boot");
        }
    }
    const auto& lines = machine.facts.cycles;
    if (lines && !lines->empty()) {
        return fail("at this boot: " + lines->front());
    }
    return lines ? pass("none, and none at this boot")
                 : unknown("the journal: " + lines.error().message);
}

Seen daemon_reload(const Machine& machine) {
    std::vector<std::string> stale;
    for (const UnitProperties& unit : *machine.facts.units) {
        if (unit.needs_daemon_reload) {
            stale.push_back(unit.name);
        }
    }
    return stale.empty() ? pass("systemd has read the files as they are")
                         : warn("files were changed after systemd read them: " + list_of(stale));
}

constexpr std::array rules{
    Rule{"systemd", About::both, Needs::nothing, systemd, ""},
    Rule{"agent_unit", About::both, Needs::systemd, agent_unit,
         "install the package: sudo apt-get install ./postfix-elb-agent_*.deb, or sudo dnf install "
         "./postfix-elb-agent-*.rpm"},
    Rule{"agent_active", About::machine, Needs::systemd, agent_active,
         "sudo systemctl restart postfix-elb-agent.service; sudo journalctl -b -u "
         "postfix-elb-agent.service -n 50"},
    Rule{"agent_order", About::both, Needs::systemd, agent_order,
         "systemctl cat postfix-elb-agent.service shows where it stands; sudo systemctl revert "
         "postfix-elb-agent.service takes an administrator's lines away"},
    Rule{"agent_socket", About::both, Needs::systemd, agent_socket,
         "install the package anew: sudo apt-get install --reinstall ./postfix-elb-agent_*.deb, or "
         "sudo dnf reinstall "
         "./postfix-elb-agent-*.rpm"},
    Rule{"ordering_cycle", About::both, Needs::systemd, ordering_cycle,
         "systemctl cat each of them: take cloud-final.service, cloud-init.target and "
         "multi-user.target out of "
         "After=; to relink after user data there is the setting queue.after_user_data"},
    Rule{"daemon_reload", About::both, Needs::systemd, daemon_reload,
         "sudo systemctl daemon-reload"},
};

}  // namespace

std::span<const Rule> agent_rules() {
    return rules;
}

}  // namespace core::doctor
