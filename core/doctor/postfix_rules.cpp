// SPDX-License-Identifier: Apache-2.0
// Postfix itself: its queue directory, and the process that runs.
#include "core/doctor/remedies.hpp"
#include "core/parse/main_cf.hpp"

namespace core::doctor {
namespace {

bool is_of_postfix(const std::string& unit) {
    return unit.starts_with("postfix@") || unit == "postfix.service";
}

}  // namespace

Seen postfix_queue_directory(const Machine& machine) {
    const auto& text = machine.facts.main_cf;
    if (!text && text.error().code == Errc::missing) {
        return fail("/etc/postfix/main.cf is missing: is Postfix installed?",
                    {"Install Postfix.", {install_package("postfix")}});
    }
    if (!text) {
        return unknown(text.error().message);
    }
    const std::string& link = machine.settings.queue.link;
    const std::string standard = "/var/spool/postfix";
    const auto value = main_cf_value(*text, "queue_directory");
    if (!value && text->find("queue_directory") != std::string::npos) {
        return link == standard ? pass("queue_directory in main.cf has no literal value")
                                : unknown("queue_directory in main.cf refers to another parameter");
    }
    const std::string used = value.value_or(standard);
    return used == link
               ? pass("Postfix uses " + link)
               : fail("queue_directory in main.cf is " + used + ", and the setting queue.link is " +
                          link,
                      {"Correct main.cf or the setting queue.link, and restart Postfix in a "
                       "maintenance window; mail in the old directory stays there, so deliver it "
                       "first.",
                       {"postqueue -p", "sudo postconf -e queue_directory={link}"}});
}

Seen postfix_started_after(const Machine& machine) {
    const UnitProperties& unit = *machine.postfix();
    const UnitProperties* own = machine.unit("postfix-elb-agent.service");
    if (unit.active_since_us == 0 || unit.active_state != "active") {
        return pass("Postfix does not run");
    }
    const bool agent_later = own == nullptr || own->active_since_us == 0 ||
                             unit.active_since_monotonic_us < own->active_since_monotonic_us;
    // After a restart of the agent only its file in /run has the time of the relink.
    const auto& linked = machine.facts.linked_at_us;
    const bool before_link = !linked || static_cast<std::int64_t>(unit.active_since_us) < *linked;
    return agent_later && before_link
               ? warn("Postfix started before the agent had linked the queue",
                      {"Fix postfix_gate first; if the check passes, restart Postfix in a "
                       "maintenance window.",
                       {"sudo postfix-elb-agent check", "sudo systemctl restart postfix.service"}})
               : pass("Postfix started after the agent had linked the queue");
}

Seen postfix_process(const Machine& machine) {
    if (!machine.facts.masters) {
        return unknown(machine.facts.masters.error().message);
    }
    std::vector<std::string> inside;
    std::vector<std::string> outside;
    for (const ProcessFacts& master : *machine.facts.masters) {
        const std::string unit = master.unit.empty() ? "no unit" : master.unit;
        auto& group = is_of_postfix(master.unit) ? inside : outside;
        group.push_back("pid " + std::to_string(master.pid) + " in " + unit);
    }
    if (!outside.empty()) {
        return warn(
            "a master that systemd did not start (a person or a script did): " + list_of(outside),
            {"Remove the start from that script, and restart Postfix in a maintenance "
             "window.",
             {"sudo postfix stop", "sudo systemctl restart postfix.service"}});
    }
    return pass(inside.empty() ? "no master runs" : "master is " + list_of(inside));
}

}  // namespace core::doctor
