// SPDX-License-Identifier: Apache-2.0
// The name of the NFS client, and of the host. The file server takes clients of one name for one
// client.
#include "core/doctor/fstab_rules.hpp"
#include "core/doctor/remedies.hpp"

namespace core::doctor {
namespace {

#define PEA_IDENTITY "postfix-elb-agent-nfs-identity.service"

constexpr const char* remove_from_modprobe =
    "sudo sed -i -E 's/[[:blank:]]*nfs4_unique_id=[^[:blank:]\"]*//' /etc/modprobe.d/*.conf";

// The kernel shows "" or "(null)" where no name was set.
std::string name_in(const Result<std::string>& text) {
    const std::string name = text ? text->substr(0, text->find('\n')) : "";
    return name == "(null)" ? "" : name;
}

std::string client_name(const DoctorFacts& facts) {
    const std::string name = name_in(facts.nfs_identifier);
    return name.empty() ? name_in(facts.nfs4_unique_id) : name;
}

/// Absent if the unit is enabled, or systemd did not answer.
std::optional<Seen> unit_not_enabled(const Machine& machine) {
    const UnitProperties* unit = machine.unit(PEA_IDENTITY);
    const std::string effect = ": instances with one host name lose their locks to each other";
    if (!machine.facts.units || (is_loaded(unit) && is_enabled(*unit))) {
        return std::nullopt;
    }
    if (!is_loaded(unit)) {
        return warn(PEA_IDENTITY " is not installed" + effect, install_agent());
    }
    return warn(PEA_IDENTITY " is not enabled" + effect,
                {"Enable the unit; the name counts from the next boot on.",
                 {"sudo systemctl enable " PEA_IDENTITY}});
}

Seen without_client_name(const Machine& machine) {
    const DoctorFacts& facts = machine.facts;
    const auto entry = mounted(machine);
    const bool needed =
        entry ? is_nfs(entry->fstype) : contains(machine.settings.mount.fstypes, "nfs4");
    if (!needed) {
        return pass("not needed: the mount is not NFS");
    }
    if (!facts.nfs_identifier && facts.nfs_identifier.error().code != Errc::missing) {
        return unknown(facts.nfs_identifier.error().message);
    }
    return warn("this NFS client has no name but the host's, " + facts.host_name,
                {"Set the name; it counts from the next mount on, so reboot in a maintenance "
                 "window.",
                 {"sudo systemctl restart " PEA_IDENTITY}});
}

}  // namespace

Seen nfs_identity(const Machine& machine) {
    const DoctorFacts& facts = machine.facts;
    if (machine.is_image() && !facts.modprobe_unique_id.empty()) {
        return fail("a file in modprobe.d gives every instance of this image the NFS client name " +
                        facts.modprobe_unique_id,
                    {"Remove the name.", {remove_from_modprobe}});
    }
    if (const auto seen = unit_not_enabled(machine)) {
        return *seen;
    }
    if (machine.is_image()) {
        return facts.units ? pass("is set at each boot") : unknown("systemd does not answer");
    }
    const std::string name = client_name(facts);
    if (name.empty()) {
        return without_client_name(machine);
    }
    if (name.starts_with("i-") && !facts.instance_id.empty() && name != facts.instance_id) {
        return fail(
            "the name of this NFS client is " + name + ", and this instance is " +
                facts.instance_id,
            {"Remove the name from modprobe.d or the kernel's command line, and reboot in "
             "a maintenance window.",
             {"grep -rs nfs4_unique_id /etc/modprobe.d /proc/cmdline", remove_from_modprobe}});
    }
    return pass("the name of this NFS client is " + name);
}

Seen host_name(const Machine& machine) {
    const std::string& name = machine.facts.host_name;
    const std::string shown = name.empty() ? "empty" : name;
    return name.empty() || name == "(none)" || name.starts_with("localhost")
               ? warn("the host name is " + shown +
                          ": the logs of all instances look alike, and NFS clients without a name "
                          "of their own share locks",
                      {"Give the host the name that EC2 derives from its address.",
                       {"sudo hostnamectl set-hostname \"ip-$(hostname -I | cut -d' ' -f1 | tr . "
                        "-)\""}})
               : pass(name);
}

}  // namespace core::doctor
