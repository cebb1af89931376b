// SPDX-License-Identifier: Apache-2.0
// What is mounted now, the directory below it, and SELinux.
#include "core/doctor/fstab_rules.hpp"
#include "core/doctor/remedies.hpp"

namespace core::doctor {
namespace {

using Kind = PathFacts::Kind;

// NFS has no labels: every file has the type nfs_t. A label of the whole mount (context=) does not
// help, because Postfix's sockets and its mail have different types.
constexpr const char* write_policy_module =
    "printf '%s\\n' '(typeattributeset cil_gen_require postfix_domain)' "
    "'(typeattributeset cil_gen_require user_mail_domain)' "
    "'(typeattributeset cil_gen_require nfs_t)' '(typeattributeset cil_gen_require var_spool_t)' "
    "'(typeattributeset cil_gen_require postfix_spool_t)' "
    "'(allow postfix_domain var_spool_t (lnk_file (getattr read)))' "
    "'(allow postfix_domain postfix_spool_t (lnk_file (getattr read)))' "
    "'(allow user_mail_domain var_spool_t (lnk_file (getattr read)))' "
    "'(allow user_mail_domain postfix_spool_t (lnk_file (getattr read)))' "
    "'(allow user_mail_domain nfs_t (dir (getattr open search)))' "
    "'(allow postfix_domain nfs_t (dir (getattr open read search ioctl lock write add_name "
    "remove_name create rmdir rename reparent setattr)))' "
    "'(allow postfix_domain nfs_t (file (getattr open read write append ioctl lock create unlink "
    "link rename setattr)))' "
    "'(allow postfix_domain nfs_t (lnk_file (getattr read create unlink rename)))' "
    "'(allow postfix_domain nfs_t (sock_file (getattr open read write append create unlink rename "
    "setattr)))' "
    "'(allow postfix_domain nfs_t (fifo_file (getattr open read write append ioctl lock create "
    "unlink rename setattr)))' > /tmp/postfix_elb_agent.cil";

Seen mounted_in_image(const std::optional<MountEntry>& entry) {
    if (!entry) {
        return pass("not mounted");
    }
    return warn("{mount} is mounted while the image is made (" + entry->source + ")",
                {"Stop Postfix and the agent, and unmount.",
                 {"sudo systemctl stop postfix.service postfix-elb-agent.socket "
                  "postfix-elb-agent.service",
                  "sudo umount {mount}"}});
}

Remedy mount_it(const Machine& machine) {
    Remedy remedy{"Mount it; if that fails, the log has the cause.", {}};
    const bool by_hand = active_line(machine).has_value();
    remedy.commands = {by_hand ? "sudo mount {mount}" : "sudo systemctl start {mount_unit}",
                       "sudo journalctl -b --no-pager | grep -i nfs"};
    return remedy;
}

bool has_label(const Machine& machine) {
    if (const auto entry = mounted(machine)) {
        return (entry->super_options + "," + entry->options).find("context=") != std::string::npos;
    }
    const auto line = active_line(machine);
    return line && line->has_prefix("context=");
}

bool is_or_becomes_nfs(const Machine& machine) {
    if (const auto entry = mounted(machine)) {
        return is_nfs(entry->fstype);
    }
    const auto line = active_line(machine);
    return !line || is_nfs(line->type) || line->type == "efs";
}

}  // namespace

Seen mount_now(const Machine& machine) {
    if (!machine.facts.mountinfo) {
        return unknown(machine.facts.mountinfo.error().message);
    }
    const auto entry = mounted(machine);
    if (machine.is_image()) {
        return mounted_in_image(entry);
    }
    if (!entry || is_automount_point(*entry)) {
        return fail("nothing is mounted at {mount}", mount_it(machine));
    }
    return contains(machine.settings.mount.fstypes, entry->fstype)
               ? pass(entry->source + ", " + entry->fstype)
               : fail("a file system of type " + entry->fstype +
                          " is mounted at {mount}, which mount.fstypes does not list",
                      {"Mount the shared file system in its place in a maintenance window, or add "
                       "the type to the setting mount.fstypes; mail on it stays there.",
                       {"findmnt {mount}"}});
}

Seen mount_point(const Machine& machine) {
    const PathFacts& place = machine.facts.mount_point;
    const std::string create = "sudo install -d -m 0755 {mount}";
    const std::string aside = move_aside(machine.settings.mount.path);
    switch (place.kind) {
        case Kind::not_local: return pass("covered by the mount: not examined");
        case Kind::absent:
            return warn("{mount} does not exist", {"Create the directory.", {create}});
        case Kind::unreadable: return unknown(place.error);
        case Kind::file:
        case Kind::other:
            return fail("{mount} is not a directory",
                        {"Move it aside, and create the directory.", {aside, create}});
        case Kind::directory: break;
    }
    if (place.uid != 0 || (place.mode & 022U) != 0) {
        return warn("{mount} is writable by users other than root",
                    protect(machine.settings.mount.path, "0755"));
    }
    const auto& names = machine.facts.below_mount_point;
    return names.empty()
               ? pass("a directory of root")
               : warn("the local disk has files where the mount will be: " + list_of(names),
                      {"Move them aside; the mount would hide them, and mail in them "
                       "must be delivered.",
                       {aside, create}});
}

Seen selinux(const Machine& machine) {
    const auto& enforcing = machine.facts.selinux_enforcing;
    if (!enforcing) {
        return pass("none");
    }
    if (!*enforcing) {
        return pass("permissive");
    }
    if (has_label(machine) || !is_or_becomes_nfs(machine)) {
        return pass("enforcing; the mount has a label of its own");
    }
    if (machine.facts.selinux_module) {
        return pass("enforcing; the policy module postfix_elb_agent is loaded");
    }
    return warn("enforcing, and the mount has the label nfs_t, which Postfix's policy denies",
                {"Load a policy module that lets Postfix use NFS.",
                 {write_policy_module, "sudo semodule -i /tmp/postfix_elb_agent.cil"}});
}

}  // namespace core::doctor
