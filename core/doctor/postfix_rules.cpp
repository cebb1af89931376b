// SPDX-License-Identifier: Apache-2.0
// The unit that runs Postfix: is it gated, and can its start and its stop go wrong because of the
// shared mount?
#include "core/base/duration.hpp"
#include "core/doctor/rules.hpp"
#include "core/parse/main_cf.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace core::doctor {
namespace {

constexpr const char* agent = "postfix-elb-agent.service";

// The file of the package, or where it is there and does not say what it should, the one that an
// administrator adds.
#define PEA_DROP_IN                                                                               \
    "ls /usr/lib/systemd/system/{unit}.d/10-postfix-elb-agent.conf: where it is missing install " \
    "the package anew; "                                                                          \
    "where it is there systemctl cat {unit} shows what overrides it"
#define PEA_EDIT "sudo systemctl edit {unit}, with the lines "

std::string text_of(std::chrono::microseconds span) {
    return format_duration(std::chrono::duration_cast<Duration>(span));
}

Seen postfix_unit(const Machine& machine) {
    const UnitProperties* unit = machine.postfix();
    if (unit == nullptr) {
        return fail("neither postfix.service nor postfix@-.service runs Postfix here");
    }
    // A template's instance is pulled in by postfix.service, which is what is enabled.
    const UnitProperties* single = machine.unit("postfix.service");
    const bool enabled = unit->unit_file_state.starts_with("enabled") ||
                         (single != nullptr && single->unit_file_state.starts_with("enabled"));
    return enabled ? pass(unit->name + " runs Postfix, and is enabled")
                   : fail("postfix.service is not enabled: Postfix does not start at boot",
                          "sudo systemctl enable postfix.service");
}

bool is_gate(const UnitCommand& command) {
    return command.words.size() >= 2 && command.words[0].ends_with("/postfix-elb-agent") &&
           contains(command.words, "gate");
}

Seen postfix_gate(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    const auto gate = std::ranges::find_if(unit.before_start, is_gate);
    if (gate == unit.before_start.end()) {
        return fail(
            unit.name + " starts Postfix without asking postfix-elb-agent gate" +
                (unit.needs_daemon_reload ? ", and files were changed after systemd read them"
                                          : ""),
            unit.needs_daemon_reload
                ? "sudo systemctl daemon-reload, then sudo postfix-elb-agent doctor again"
                : "");
    }
    if (std::ranges::all_of(unit.before_start,
                            [](const auto& c) { return !is_gate(c) || c.failure_ignored; })) {
        return fail(
            unit.name + " ignores what postfix-elb-agent gate says: '-' stands before the command",
            "systemctl cat {unit} shows which file says so: take the '-' away, sudo systemctl "
            "daemon-reload");
    }
    return pass(unit.name + " asks postfix-elb-agent gate before it starts Postfix");
}

Seen postfix_drop_ins(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    const bool is_instance = unit.name == "postfix@-.service";
    std::vector<std::string> idle;
    for (const std::string& directory : machine.facts.drop_ins) {
        const std::string name = directory.substr(directory.rfind('/') + 1);
        const bool of_instance = name == "postfix@.service.d" || name == "postfix@-.service.d";
        if (of_instance ? !is_instance : name == "postfix.service.d" && is_instance) {
            idle.push_back(directory);
        }
    }
    return idle.empty()
               ? pass("none that is for a unit which runs nothing here")
               : warn(list_of(idle) + " does nothing to Postfix: here it is " + unit.name +
                          " that runs it",
                      "sudo mkdir -p /etc/systemd/system/{unit}.d; sudo mv " + idle.front() +
                          "/*.conf /etc/systemd/system/{unit}.d/; sudo systemctl daemon-reload");
}

Seen postfix_pid_file(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    const bool shared =
        !unit.pid_file.empty() && (is_within(unit.pid_file, machine.settings.queue.link) ||
                                   is_within(unit.pid_file, machine.settings.mount.path));
    return shared ? fail("PIDFile=" + unit.pid_file +
                         " is on the shared mount: when that hangs systemd itself hangs, and it "
                         "removes the file of a "
                         "living master")
                  : pass(unit.pid_file.empty() ? "no PIDFile="
                                               : "PIDFile=" + unit.pid_file + " is local");
}

Seen postfix_start_timeout(const Machine& machine) {
    using namespace std::chrono;
    const UnitProperties& unit = *machine.postfix();
    if (unit.start_timeout_us == UINT64_MAX) {
        return pass("a start may take as long as it takes");
    }
    const microseconds given(unit.start_timeout_us);
    const microseconds needed = machine.settings.mount.wait + minutes(5);
    return given < needed ? warn("a start may take " + text_of(given) +
                                 " only: to wait for the mount (mount.wait) and "
                                 "to go through a big queue on it may take longer than " +
                                 text_of(needed))
                          : pass("a start may take " + text_of(given));
}

Seen postfix_stop_order(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    return contains(unit.after, machine.mount_unit())
               ? pass("at shutdown Postfix stops before " + machine.mount_unit() + " goes")
               : warn("nothing keeps " + machine.mount_unit() +
                      " from going before Postfix at shutdown");
}

Seen postfix_requires(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    std::vector<std::string> required;
    for (const std::string& name : {machine.mount_unit(), std::string(agent)}) {
        if (contains(unit.required, name)) {
            required.push_back(name);
        }
    }
    for (const std::string& path : unit.mounts_required) {
        if (is_within(path, machine.settings.mount.path)) {
            required.push_back("a mount for " + path);
        }
    }
    return required.empty() ? pass("requires neither the mount nor the agent")
                            : warn(unit.name + " requires " + list_of(required) +
                                   ": when that fails once, Postfix does not start in this boot");
}

Seen postfix_boot_order(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    if (contains(unit.after, "cloud-final.service") || contains(unit.after, "cloud-init.target")) {
        return warn(
            "it waits for cloud-init's last stage, which on many systems waits for it (a cycle)",
            "take cloud-final.service and cloud-init.target out of After= (systemctl cat {unit} "
            "shows the "
            "file); to wait for user data there is the setting queue.after_user_data");
    }
    return unit.default_dependencies ? warn(
                                           "multi-user.target, and user data with it, waits until "
                                           "Postfix has started, which waits for the "
                                           "mount")
                                     : pass("the boot does not wait for Postfix");
}

Seen postfix_started_after(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    const UnitProperties* own = machine.unit(agent);
    if (unit.active_since_us == 0 || unit.active_state != "active") {
        return pass("Postfix does not run");
    }
    const bool agent_later = own == nullptr || own->active_since_us == 0 ||
                             unit.active_since_monotonic_us < own->active_since_monotonic_us;
    // A restarted agent became active again; in /run stands when it was there first.
    const auto& linked = machine.facts.linked_at_us;
    const bool before_link = !linked || static_cast<std::int64_t>(unit.active_since_us) < *linked;
    return agent_later && before_link
               ? warn("Postfix started before the agent had the queue in its place")
               : pass("Postfix started after the agent had the queue in its place");
}

Seen postfix_process(const Machine& machine) {
    if (!machine.facts.masters) {
        return unknown(machine.facts.masters.error().message);
    }
    std::vector<std::string> inside;
    std::vector<std::string> outside;
    for (const ProcessFacts& master : *machine.facts.masters) {
        const std::string pid = "pid " + std::to_string(master.pid);
        const bool in_unit =
            master.unit.starts_with("postfix@") || master.unit == "postfix.service";
        (in_unit ? inside : outside)
            .push_back(in_unit ? pid + " in " + master.unit
                               : pid + " in " + (master.unit.empty() ? "no unit" : master.unit));
    }
    if (!outside.empty()) {
        return warn("a master that systemd does not know of, started by hand or by a script: " +
                    list_of(outside));
    }
    return pass(inside.empty() ? "no master runs" : "master is " + list_of(inside));
}

Seen postfix_queue_directory(const Machine& machine) {
    const auto& text = machine.facts.main_cf;
    if (!text) {
        return text.error().code == Errc::missing
                   ? fail("/etc/postfix/main.cf is missing: is Postfix installed?")
                   : unknown(text.error().message);
    }
    const std::string& link = machine.settings.queue.link;
    // Absent also where it refers to another parameter.
    const bool given = text->find("queue_directory") != std::string::npos;
    const auto value = main_cf_value(*text, "queue_directory");
    if (!value && given) {
        return link == "/var/spool/postfix"
                   ? pass("queue_directory in main.cf is not given outright")
                   : unknown("queue_directory in main.cf refers to another parameter");
    }
    const std::string used = value.value_or("/var/spool/postfix");
    return used == link ? pass("Postfix uses " + link)
                        : fail("queue_directory in main.cf is " + used +
                               ", and the setting queue.link is " + link);
}

constexpr std::array rules{
    Rule{"postfix_unit", About::both, Needs::systemd, postfix_unit,
         "sudo apt-get install postfix, or sudo dnf install postfix; systemctl list-unit-files "
         "'postfix*'"},
    Rule{"postfix_gate", About::both, Needs::postfix, postfix_gate, PEA_DROP_IN},
    Rule{"postfix_drop_ins", About::both, Needs::postfix, postfix_drop_ins, ""},
    Rule{"postfix_queue_directory", About::both, Needs::nothing, postfix_queue_directory,
         "sudo postconf -e queue_directory={link}, or correct the setting queue.link; one of them "
         "is wrong"},
    Rule{"postfix_pid_file", About::both, Needs::postfix, postfix_pid_file,
         PEA_EDIT "[Service] and PIDFile= (with nothing after it)"},
    Rule{"postfix_requires", About::both, Needs::postfix, postfix_requires,
         "systemctl cat {unit} shows which file says so: take Requires=, BindsTo= and "
         "RequiresMountsFor= out of it; "
         "the gate does that work; sudo systemctl daemon-reload"},
    Rule{"postfix_boot_order", About::both, Needs::postfix, postfix_boot_order, PEA_DROP_IN},
    Rule{"postfix_stop_order", About::both, Needs::postfix, postfix_stop_order,
         PEA_EDIT "[Unit] and After=remote-fs.target {mount_unit}"},
    Rule{"postfix_start_timeout", About::both, Needs::postfix, postfix_start_timeout,
         PEA_EDIT "[Service] and TimeoutStartSec=1h"},
    Rule{"postfix_started_after", About::machine, Needs::postfix, postfix_started_after,
         "sudo postfix-elb-agent check says whether its queue is right; reboot once postfix_gate "
         "passes"},
    Rule{"postfix_process", About::machine, Needs::nothing, postfix_process,
         "at a quiet hour sudo postfix stop, then sudo systemctl start postfix; take postfix start "
         "out of whatever "
         "script ran it"},
};

}  // namespace

std::span<const Rule> postfix_rules() {
    return rules;
}

}  // namespace core::doctor
