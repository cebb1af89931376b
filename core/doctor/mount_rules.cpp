// SPDX-License-Identifier: Apache-2.0
// The shared mount: its line in /etc/fstab, what is mounted now, the name of the NFS client,
// SELinux.
#include "core/doctor/rules.hpp"
#include "core/parse/fstab.hpp"
#include "core/parse/mountinfo.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace core::doctor {
namespace {

bool is_nfs(std::string_view type) {
    return type == "nfs" || type == "nfs4";
}

/// The line that counts; absent if there is none, or the file cannot be read.
std::optional<FstabLine> line_of(const Machine& machine) {
    if (machine.facts.fstab) {
        for (const FstabLine& line :
             fstab_lines(*machine.facts.fstab, machine.settings.mount.path)) {
            if (!line.commented) {
                return line;
            }
        }
    }
    return std::nullopt;
}

std::optional<MountEntry> mounted(const Machine& machine) {
    const auto& text = machine.facts.mountinfo;
    return text ? find_mount(*text, machine.settings.mount.path) : std::nullopt;
}

std::string at(const FstabLine& line) {
    return "line " + std::to_string(line.number);
}

Seen without_line(const Machine& machine, const std::string& commented) {
    const UnitProperties* unit = machine.unit(machine.mount_unit());
    const auto entry = mounted(machine);
    // A mount made by hand has a unit, too, which goes with it.
    if (is_loaded(unit) && !unit->unit_file_state.empty()) {
        return pass(machine.mount_unit() + " is a unit of its own");
    }
    if (entry || machine.is_image()) {
        return warn("no line for {mount}" + commented +
                    (entry ? ": it was mounted by hand, and is gone after a reboot"
                           : ": does user data mount it?"));
    }
    return fail("no line for {mount}" + commented + ", and no other mount unit");
}

Seen fstab_line(const Machine& machine) {
    const auto& text = machine.facts.fstab;
    if (!text && text.error().code != Errc::missing) {
        return unknown(text.error().message);
    }
    std::vector<FstabLine> lines;
    std::string commented;
    for (FstabLine& line : fstab_lines(text ? *text : "", machine.settings.mount.path)) {
        if (line.commented) {
            commented = " (" + at(line) + " is commented out)";
        } else {
            lines.push_back(std::move(line));
        }
    }
    if (lines.empty()) {
        return without_line(machine, commented);
    }
    const FstabLine& line = lines.front();
    if (lines.size() > 1) {
        return warn(
            at(line) + " and " + at(lines[1]) + " both mount {mount}",
            "sudo nano +" + std::to_string(lines[1].number) + " /etc/fstab: keep one of the two");
    }
    const auto& types = machine.settings.mount.fstypes;
    const std::string becomes = line.type == "efs" || line.type == "nfs" ? "nfs4" : line.type;
    if (!contains(types, becomes) && !contains(types, line.type)) {
        return fail(at(line) + " mounts type " + line.type + ", which mount.fstypes does not list");
    }
    if (line.has("noauto")) {
        return warn(at(line) + " says noauto: nothing mounts it at boot",
                    "sudo nano +" + std::to_string(line.number) + " /etc/fstab: take noauto out");
    }
    return pass(at(line) + ": " + line.source + ", " + line.type);
}

Seen fstab_options(const Machine& machine) {
    const auto line = line_of(machine);
    if (!line) {
        return machine.facts.fstab ? pass("no line to have options")
                                   : unknown(machine.facts.fstab.error().message);
    }
    std::vector<std::string> lacks;
    if (line->type == "efs" && !line->has("_netdev")) {
        return fail(at(*line) +
                    " lacks _netdev: systemd takes type efs for a local disk, and mounts it before "
                    "there is "
                    "a network");
    }
    if (is_nfs(line->type)) {
        if (line->has("soft") || line->has("softerr")) {
            return fail(at(*line) +
                        " says soft: a slow server becomes an error of the queue's files");
        }
        if (!line->has_prefix("nfsvers=4.") && !line->has_prefix("vers=4.")) {
            lacks.emplace_back("nfsvers=4.1");
        }
        if (!line->has("noresvport")) {
            lacks.emplace_back("noresvport (without it a lost connection is not made anew)");
        }
    }
    if (is_nfs(line->type) || line->type == "efs") {
        if (!line->has("nofail")) {
            lacks.emplace_back("nofail (without it the boot waits for the file server)");
        }
    }
    return lacks.empty() ? pass("as they should be") : warn(at(*line) + " lacks " + list_of(lacks));
}

Seen fstab_automount(const Machine& machine) {
    const auto line = line_of(machine);
    return line && line->has("x-systemd.automount")
               ? warn(
                     "x-systemd.automount: the mount is not there until somebody "
                     "looks, and whoever looks hangs with it")
               : pass("no automount");
}

Seen mount_now(const Machine& machine) {
    if (!machine.facts.mountinfo) {
        return unknown(machine.facts.mountinfo.error().message);
    }
    const auto entry = mounted(machine);
    if (machine.is_image()) {
        return entry ? warn("{mount} is mounted while the image is made (" + entry->source + ")",
                            "sudo systemctl stop postfix postfix-elb-agent, sudo umount {mount}")
                     : pass("not mounted");
    }
    if (!entry || is_automount_point(*entry)) {
        return fail("nothing is mounted at {mount}");
    }
    return contains(machine.settings.mount.fstypes, entry->fstype)
               ? pass(entry->source + ", " + entry->fstype)
               : fail("what is mounted at {mount} is " + entry->fstype +
                          ", which mount.fstypes does not list",
                      "findmnt {mount}");
}

Seen mount_point(const Machine& machine) {
    using Kind = PathFacts::Kind;
    const PathFacts& place = machine.facts.mount_point;
    switch (place.kind) {
        case Kind::not_local: return pass("covered by the mount: not looked at");
        case Kind::absent: return warn("{mount} does not exist", "sudo install -d -m 0755 {mount}");
        case Kind::unreadable: return unknown(place.error);
        case Kind::file:
        case Kind::other:
            return fail("{mount} is no directory",
                        "sudo rm {mount}; sudo install -d -m 0755 {mount}");
        case Kind::directory: break;
    }
    if (place.uid != 0 || (place.mode & 022U) != 0) {
        return warn("{mount} may be written to by others than root",
                    "sudo chown root {mount}; sudo chmod 0755 {mount}");
    }
    return machine.facts.below_mount_point.empty()
               ? pass("a directory of root")
               : warn("under the mount, on the local disk, lie " +
                          list_of(machine.facts.below_mount_point),
                      "look at them while nothing is mounted: sudo ls -la {mount}; what is mail is "
                      "mail");
}

// "" and "(null)" are what the kernel shows where nothing was set.
std::string name_in(const Result<std::string>& text) {
    const std::string name = text ? text->substr(0, text->find('\n')) : "";
    return name == "(null)" ? "" : name;
}

Seen nfs_identity(const Machine& machine) {
    const DoctorFacts& facts = machine.facts;
    if (machine.is_image() && !facts.modprobe_unique_id.empty()) {
        return fail(
            "a file in modprobe.d calls every instance of this image " + facts.modprobe_unique_id,
            "grep -l nfs4_unique_id /etc/modprobe.d/*: remove that file");
    }
    const UnitProperties* unit = machine.unit("postfix-elb-agent-nfs-identity.service");
    if (facts.units && (!is_loaded(unit) || !unit->unit_file_state.starts_with("enabled"))) {
        return warn("postfix-elb-agent-nfs-identity.service is not " +
                    std::string(is_loaded(unit) ? "enabled" : "installed") +
                    ": instances with one host name take each other's locks away");
    }
    if (machine.is_image()) {
        return facts.units ? pass("is set at each boot") : unknown("not known without systemd");
    }
    const std::string name = name_in(facts.nfs_identifier);
    const std::string shown = name.empty() ? name_in(facts.nfs4_unique_id) : name;
    if (shown.starts_with("i-") && !facts.instance_id.empty() && shown != facts.instance_id) {
        return fail(
            "this NFS client calls itself " + shown + ", and this instance is " + facts.instance_id,
            "grep -rs nfs4_unique_id /etc/modprobe.d /proc/cmdline: remove it there, then reboot");
    }
    if (!shown.empty()) {
        return pass("this NFS client calls itself " + shown);
    }
    const auto entry = mounted(machine);
    const bool needed =
        entry ? is_nfs(entry->fstype) : contains(machine.settings.mount.fstypes, "nfs4");
    if (!needed) {
        return pass("not needed: the mount is no NFS");
    }
    const bool unreadable =
        !facts.nfs_identifier && facts.nfs_identifier.error().code != Errc::missing;
    return unreadable ? unknown(facts.nfs_identifier.error().message)
                      : warn("this NFS client has no name but the host's, " + facts.host_name,
                             facts.units ? "sudo systemctl restart "
                                           "postfix-elb-agent-nfs-identity.service, then reboot: "
                                           "the name counts from the next mount on"
                                         : "");
}

Seen host_name(const Machine& machine) {
    const std::string& name = machine.facts.host_name;
    const bool of_nobody = name.empty() || name == "(none)" || name.starts_with("localhost");
    return of_nobody ? warn("the host is called " + (name.empty() ? "nothing" : name) +
                            ": logs of all instances look alike, and NFS clients that have no "
                            "other name share locks")
                     : pass(name);
}

Seen selinux(const Machine& machine) {
    const auto& enforcing = machine.facts.selinux_enforcing;
    if (!enforcing || !*enforcing) {
        return pass(enforcing ? "permissive" : "none");
    }
    const auto entry = mounted(machine);
    const auto line = line_of(machine);
    const bool labelled =
        entry ? (entry->super_options + "," + entry->options).find("context=") != std::string::npos
              : line && line->has_prefix("context=");
    const bool nfs =
        entry ? is_nfs(entry->fstype) : !line || is_nfs(line->type) || line->type == "efs";
    return labelled || !nfs ? pass("enforcing; the mount has a label of its own")
                            : warn(
                                  "enforcing, and the mount is labelled nfs_t, which Postfix's "
                                  "policy does not allow");
}

#define PEA_OPTIONS                                                                       \
    "sudo nano /etc/fstab, the options of {mount}: "                                      \
    "_netdev,nofail,nfsvers=4.1,rsize=1048576,wsize=1048576,hard,"                        \
    "timeo=600,retrans=2,noresvport (type efs: _netdev,nofail,tls); then sudo systemctl " \
    "daemon-reload"

constexpr std::array rules{
    Rule{"mount_fstab", About::both, Needs::nothing, fstab_line,
         "a line in /etc/fstab: FILE-SYSTEM-ID.efs.REGION.amazonaws.com:/ {mount} nfs4 "
         "_netdev,nofail,nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,"
         "noresvport 0 0; then sudo "
         "systemctl daemon-reload, sudo mount {mount}"},
    Rule{"mount_options", About::both, Needs::nothing, fstab_options, PEA_OPTIONS},
    Rule{"mount_automount", About::both, Needs::nothing, fstab_automount,
         "sudo nano /etc/fstab: take x-systemd.automount out of the line of {mount}; sudo "
         "systemctl daemon-reload"},
    Rule{"mount_now", About::both, Needs::nothing, mount_now,
         "sudo mount {mount}; if that fails: sudo journalctl -b | grep -i nfs"},
    Rule{"mount_point", About::both, Needs::nothing, mount_point, ""},
    Rule{"nfs_identity", About::both, Needs::nothing, nfs_identity,
         "sudo systemctl enable postfix-elb-agent-nfs-identity.service (where there is none "
         "install the package), then "
         "reboot"},
    Rule{
        "host_name", About::machine, Needs::nothing, host_name,
        "sudo hostnamectl set-hostname NAME, or let cloud-init set it: preserve_hostname: false in "
        "/etc/cloud/cloud.cfg"},
    Rule{"selinux", About::both, Needs::nothing, selinux,
         "add context=\"system_u:object_r:postfix_spool_t:s0\" to the options of {mount} in "
         "/etc/fstab and mount it "
         "anew, or load a policy module that allows it; sudo ausearch -m avc -c master shows what "
         "is denied"},
};

}  // namespace

std::span<const Rule> mount_rules() {
    return rules;
}

}  // namespace core::doctor
