// SPDX-License-Identifier: Apache-2.0
// The agent's own units, and the order in which systemd starts units.
#include "core/doctor/remedies.hpp"

#include <algorithm>

namespace core::doctor {
namespace {

#define PEA_SERVICE "postfix-elb-agent.service"
#define PEA_SOCKET "postfix-elb-agent.socket"

Remedy revert_service(std::string advice) {
    return {std::move(advice),
            {"systemctl cat " PEA_SERVICE, "sudo systemctl revert " PEA_SERVICE}};
}

// The path back to `name` along After= alone; "" if there is none. It covers only the units that
// were read.
std::string path_back(const Machine& machine, const std::string& name, const std::string& at,
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
            if (const std::string rest = path_back(machine, name, before, visited); !rest.empty()) {
                return before + " after " + rest;
            }
        }
    }
    return "";
}

bool requires_mount(const Machine& machine, const UnitProperties& unit) {
    return contains(unit.required, machine.mount_unit()) ||
           std::ranges::any_of(unit.mounts_required, [&](const std::string& path) {
               return is_within(path, machine.settings.mount.path);
           });
}

}  // namespace

Seen systemd(const Machine& machine) {
    if (machine.facts.units) {
        return pass("systemd answers");
    }
    Seen seen = unknown(machine.facts.units.error().message);
    seen.remedy = {"Start the system bus.",
                   {"systemctl is-system-running", "sudo systemctl start dbus.socket"}};
    return seen;
}

Seen agent_unit(const Machine& machine) {
    const UnitProperties* unit = machine.unit(PEA_SERVICE);
    if (unit == nullptr || unit->load_state == "not-found") {
        return fail(PEA_SERVICE " is not installed", install_agent());
    }
    if (unit->load_state == "masked") {
        return fail(PEA_SERVICE " is masked",
                    {"Unmask the unit.", {"sudo systemctl unmask " PEA_SERVICE}});
    }
    if (unit->load_state != "loaded") {
        Remedy remedy = revert_service(
            "Correct the lines that the first command names, or remove every local change of the "
            "unit.");
        remedy.commands.front() = "systemd-analyze verify " PEA_SERVICE;
        return fail(PEA_SERVICE " is not usable: " + unit->load_state, std::move(remedy));
    }
    return is_enabled(*unit)
               ? pass("installed and enabled")
               : fail("not enabled (" + unit->unit_file_state + "): it does not start at boot",
                      {"Enable the unit.", {"sudo systemctl enable " PEA_SERVICE}});
}

Seen agent_active(const Machine& machine) {
    const UnitProperties* unit = machine.unit(PEA_SERVICE);
    if (!is_loaded(unit)) {
        return unknown("there is no unit to start");
    }
    const std::string why = unit->status_text.empty() ? "" : ": " + unit->status_text;
    if (unit->active_state == "active" || unit->active_state == "reloading") {
        return pass(unit->active_state + why);
    }
    if (unit->active_state == "activating" && unit->sub_state != "auto-restart") {
        return warn(
            "it is starting, and Postfix waits for it" + why,
            {"Wait; the check reports what it waits for.", {"sudo postfix-elb-agent check"}});
    }
    return fail(unit->active_state + " (" + unit->sub_state + ")" + why,
                {"Start the unit; if it fails again, its log has the cause.",
                 {"sudo systemctl reset-failed " PEA_SERVICE, "sudo systemctl restart " PEA_SERVICE,
                  "sudo journalctl -b -u " PEA_SERVICE " -n 50 --no-pager"}});
}

Seen agent_order(const Machine& machine) {
    const UnitProperties* unit = machine.unit(PEA_SERVICE);
    if (!is_loaded(unit)) {
        return unknown("there is no unit to start");
    }
    const std::string remove = "Remove every local change of the unit.";
    if (requires_mount(machine, *unit)) {
        return fail(
            "it requires the mount: while that fails the agent does not run, and reports "
            "nothing",
            revert_service(remove));
    }
    if (waits_for_user_data(*unit)) {
        return fail(
            "it waits for the last stage of cloud-init: until then /health refuses "
            "connections, and on many systems this is an ordering cycle",
            revert_service(remove + " To relink after user data, use the setting "
                                    "queue.after_user_data."));
    }
    return contains(unit->after, machine.mount_unit())
               ? warn("it starts only after the mount: until then /health refuses connections",
                      revert_service(remove))
               : pass("starts early, needs neither network nor mount");
}

Seen agent_socket(const Machine& machine) {
    const std::string refuses = ": while the agent restarts, probes are refused";
    const UnitProperties* unit = machine.unit(PEA_SOCKET);
    if (!is_loaded(unit)) {
        return warn(PEA_SOCKET " is not installed" + refuses, install_agent());
    }
    if (!is_enabled(*unit)) {
        return warn("not enabled (" + unit->unit_file_state + ")" + refuses,
                    {"Enable the unit.", {"sudo systemctl enable " PEA_SOCKET}});
    }
    const std::string port = ":" + std::to_string(machine.settings.listen.port);
    const bool same = std::ranges::any_of(unit->listens, [&](const std::string& address) {
        return address.ends_with(port) || ":" + address == port;
    });
    if (same) {
        return pass("enabled, on port {port}");
    }
    Remedy remedy = drop_in(machine, "Make systemd listen on the port of the settings.", PEA_SOCKET,
                            "90-port.conf", {"[Socket]", "ListenStream=", "ListenStream={port}"});
    remedy.commands.emplace_back("sudo systemctl restart " PEA_SOCKET " " PEA_SERVICE);
    return warn("listens on " + list_of(unit->listens) +
                    ", listen.port is {port}: the port of systemd is the one in use",
                std::move(remedy));
}

Seen ordering_cycle(const Machine& machine) {
    for (const std::string& name : units_that_must_start()) {
        std::vector<std::string> visited;
        if (const std::string path = path_back(machine, name, name, visited); !path.empty()) {
            return fail(name + " after " + path + ": systemd drops one of them at boot",
                        do_not_wait_for_user_data());
        }
    }
    const auto& lines = machine.facts.cycles;
    if (lines && !lines->empty()) {
        return fail("at this boot: " + lines->front(), do_not_wait_for_user_data());
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
    return stale.empty() ? pass("systemd has read the current files")
                         : warn("files were changed after systemd read them: " + list_of(stale),
                                {"Reload the units.", {"sudo systemctl daemon-reload"}});
}

}  // namespace core::doctor
