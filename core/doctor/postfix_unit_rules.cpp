// SPDX-License-Identifier: Apache-2.0
// The unit that runs Postfix: its gate, and whether the shared mount can disturb its start or stop.
#include "core/base/duration.hpp"
#include "core/doctor/remedies.hpp"

#include <algorithm>
#include <chrono>

namespace core::doctor {
namespace {

constexpr const char* agent = "postfix-elb-agent.service";

std::string text_of(std::chrono::microseconds span) {
    return format_duration(std::chrono::duration_cast<Duration>(span));
}

bool is_gate(const UnitCommand& command) {
    return command.words.size() >= 2 && command.words[0].ends_with("/postfix-elb-agent") &&
           contains(command.words, "gate");
}

// ExecStartPre= rather than ExecCondition=, which systemd 239 does not know.
Remedy add_gate(const Machine& machine) {
    Remedy remedy = drop_in(
        machine,
        "If the package's drop-in is missing, install the package again; if it is overridden, add "
        "the gate after the override.",
        "{unit}", "90-postfix-elb-agent-gate.conf",
        {"[Service]", "ExecStartPre=+/usr/sbin/postfix-elb-agent gate --unit %n"});
    remedy.commands.insert(remedy.commands.begin(),
                           "ls -l /usr/lib/systemd/system/{unit}.d/10-postfix-elb-agent.conf");
    return remedy;
}

bool is_idle(const std::string& directory, const UnitProperties& unit) {
    const std::string name = directory.substr(directory.rfind('/') + 1);
    if (unit.name == "postfix@-.service") {
        return name == "postfix.service.d";
    }
    return name == "postfix@.service.d" || name == "postfix@-.service.d";
}

Remedy move_drop_ins(const std::vector<std::string>& directories) {
    Remedy remedy{"Move them to the unit that runs Postfix.",
                  {"sudo mkdir -p /etc/systemd/system/{unit}.d"}};
    for (const std::string& directory : directories) {
        const std::string quoted = shell_quoted(directory);
        remedy.commands.push_back(
            "sudo find " + quoted +
            " -name '*.conf' -exec mv -n -t /etc/systemd/system/{unit}.d {} +");
        remedy.commands.push_back("sudo rmdir " + quoted);
    }
    remedy.commands.emplace_back("sudo systemctl daemon-reload");
    return remedy;
}

Remedy require_nothing(const Machine& machine) {
    const std::string units =
        "(" + regex_quoted(machine.mount_unit()) + "|postfix-elb-agent\\.service)";
    const std::string kinds = "^(Requires|Requisite|BindsTo)=";
    const std::string mounts =
        "^RequiresMountsFor=.*" + regex_quoted(machine.settings.mount.path) + "(/|\\s|$)";
    return edit_unit_files(
        "Turn the requirement into a wish: the gate makes Postfix wait for both.",
        kinds + ".*" + units + "|" + mounts,
        "s#" + kinds + "(.*" + units + ")#Wants=\\2#;\\#" + mounts + "#d");
}

}  // namespace

Seen postfix_unit(const Machine& machine) {
    const UnitProperties* unit = machine.postfix();
    const std::string enable = "sudo systemctl enable postfix.service";
    if (unit == nullptr) {
        return fail("neither postfix.service nor postfix@-.service runs Postfix here",
                    {"Install Postfix.", {install_package("postfix"), enable}});
    }
    // postfix.service starts the instance of a template, and is the one that is enabled.
    const UnitProperties* single = machine.unit("postfix.service");
    return is_enabled(*unit) || (single != nullptr && is_enabled(*single))
               ? pass(unit->name + " runs Postfix, and is enabled")
               : fail("postfix.service is not enabled: Postfix does not start at boot",
                      {"Enable the unit.", {enable}});
}

Seen postfix_gate(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    const auto gate = std::ranges::find_if(unit.before_start, is_gate);
    const std::string without = unit.name + " starts Postfix without asking postfix-elb-agent gate";
    if (gate == unit.before_start.end() && unit.needs_daemon_reload) {
        return fail(without + ", and files were changed after systemd read them",
                    {"Reload the units, and run doctor again.",
                     {"sudo systemctl daemon-reload", "sudo postfix-elb-agent doctor"}});
    }
    if (gate == unit.before_start.end()) {
        return fail(without, add_gate(machine));
    }
    const bool ignored = std::ranges::all_of(
        unit.before_start, [](const auto& c) { return !is_gate(c) || c.failure_ignored; });
    if (!ignored) {
        return pass(unit.name + " asks postfix-elb-agent gate before it starts Postfix");
    }
    return fail(unit.name + " ignores the answer of postfix-elb-agent gate: the command has a '-'",
                edit_unit_files("Remove the '-' before the command.",
                                "^Exec(Condition|StartPre)=[+!@:]*-.*postfix-elb-agent +gate",
                                "/postfix-elb-agent +gate/s/^(Exec[A-Za-z]+=[+!@:]*)-/\\1/"));
}

Seen postfix_drop_ins(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    std::vector<std::string> idle;
    for (const std::string& directory : machine.facts.drop_ins) {
        if (is_idle(directory, unit)) {
            idle.push_back(directory);
        }
    }
    return idle.empty()
               ? pass("none for a unit that runs nothing here")
               : warn(list_of(idle) + " has no effect: " + unit.name + " runs Postfix here",
                      move_drop_ins(idle));
}

Seen postfix_pid_file(const Machine& machine) {
    const std::string& path = machine.postfix()->pid_file;
    if (path.empty()) {
        return pass("no PIDFile=");
    }
    if (!is_within(path, machine.settings.queue.link) &&
        !is_within(path, machine.settings.mount.path)) {
        return pass("PIDFile=" + path + " is local");
    }
    return fail("PIDFile=" + path +
                    " is on the shared mount: systemd hangs with the mount, and removes the file "
                    "of a running master",
                drop_in(machine, "Remove PIDFile=; systemd finds the process without it.", "{unit}",
                        "90-pid-file.conf", {"[Service]", "PIDFile="}));
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
                                       ": if that fails once, Postfix does not start in this boot",
                                   require_nothing(machine));
}

Seen postfix_boot_order(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    if (waits_for_user_data(unit)) {
        return warn(
            "it waits for the last stage of cloud-init, which on many systems waits for it "
            "(a cycle)",
            do_not_wait_for_user_data());
    }
    if (!unit.default_dependencies) {
        return pass("the boot does not wait for Postfix");
    }
    return warn(
        "multi-user.target, and user data with it, waits until Postfix has started, which "
        "waits for the mount",
        drop_in(machine, "Replace the default dependencies by those that are needed.", "{unit}",
                "90-boot-order.conf",
                {"[Unit]", "DefaultDependencies=no", "Requires=sysinit.target",
                 "After=sysinit.target basic.target", "Conflicts=shutdown.target",
                 "Before=shutdown.target"}));
}

Seen postfix_stop_order(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    return contains(unit.after, machine.mount_unit())
               ? pass("at shutdown Postfix stops before {mount_unit}")
               : warn("at shutdown {mount_unit} can stop before Postfix",
                      drop_in(machine, "Order Postfix after the mount.", "{unit}",
                              "90-mount-order.conf",
                              {"[Unit]", "After=remote-fs.target {mount_unit}"}));
}

Seen postfix_start_timeout(const Machine& machine) {
    using namespace std::chrono;
    const UnitProperties& unit = *machine.postfix();
    if (unit.start_timeout_us == UINT64_MAX) {
        return pass("the time for a start has no limit");
    }
    const microseconds given(unit.start_timeout_us);
    const microseconds needed = machine.settings.mount.wait + minutes(5);
    if (given >= needed) {
        return pass("a start may take " + text_of(given));
    }
    const std::string limit = text_of(std::max<microseconds>(hours(1), needed));
    return warn("a start may take only " + text_of(given) +
                    ": to wait for the mount (mount.wait) and to scan a large queue can take " +
                    text_of(needed),
                drop_in(machine, "Give the start more time.", "{unit}", "90-start-timeout.conf",
                        {"[Service]", ("TimeoutStartSec=" + limit).c_str()}));
}

}  // namespace core::doctor
