// SPDX-License-Identifier: Apache-2.0
// Commands that several remedies share, and the values of their placeholders.
#pragma once

#include "core/base/remedy.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <string>
#include <string_view>

namespace core {

namespace command {

inline constexpr std::string_view restart_agent = "sudo systemctl restart postfix-elb-agent";
inline constexpr std::string_view stop_postfix = "sudo systemctl stop postfix";
inline constexpr std::string_view start_postfix = "sudo systemctl start postfix";
inline constexpr std::string_view restart_postfix = "sudo systemctl restart postfix";
/// These two change nothing while the link leads to another queue.
inline constexpr std::string_view start_if_linked =
    "[ \"$(readlink {link})\" = {queue} ] && sudo systemctl start postfix";
inline constexpr std::string_view restart_if_linked =
    "[ \"$(readlink {link})\" = {queue} ] && sudo systemctl restart postfix";
inline constexpr std::string_view show_masters =
    "for pid in $(pgrep -x master); do echo $pid $(sudo readlink /proc/$pid/cwd); done";
inline constexpr std::string_view dry_run = "sudo postfix-elb-agent relink --dry-run";
inline constexpr std::string_view postfix_journal =
    "sudo journalctl -b -u postfix -u 'postfix@*' -n 50";
inline constexpr std::string_view agent_journal = "sudo journalctl -b -u postfix-elb-agent -n 50";
inline constexpr std::string_view nfs_messages = "sudo dmesg -T | grep -i nfs";
inline constexpr std::string_view find_mount = "findmnt {mount}";
inline constexpr std::string_view fstab_line = "grep -F {mount} /etc/fstab";
inline constexpr std::string_view show_owner = "sudo cat {mount}/.postfix-elb-agent/owners/{id}";

// The mount is busy while the agent runs, which its socket starts again, and while rsyslog has its
// socket dev/log in the queue.
inline constexpr std::string_view stop_users =
    "sudo systemctl stop postfix postfix-elb-agent.socket postfix-elb-agent";
inline constexpr std::string_view stop_rsyslog = "sudo systemctl stop syslog.socket rsyslog";
inline constexpr std::string_view remount = "sudo umount {mount} && sudo mount {mount}";
inline constexpr std::string_view remount_by_force = "sudo umount -f {mount} && sudo mount {mount}";
inline constexpr std::string_view start_rsyslog = "sudo systemctl start rsyslog";
inline constexpr std::string_view start_users = "sudo systemctl start postfix-elb-agent postfix";

/// Asks each NFS server that this host has mounted from, without touching a mount.
inline constexpr std::string_view ask_servers =
    "for a in $(findmnt -rn -t nfs,nfs4 -o OPTIONS | tr , '\\n' | sed -n 's/^addr=//p'); do "
    "timeout 3 bash -c \"</dev/tcp/$a/2049\" && echo \"$a answers\"; done";

/// Ends this master if it still works where it was seen, and waits for its end.
[[nodiscard]] std::string kill_master(const ProcessFacts& master);

}  // namespace command

/// Replaces {mount} {id} {queue} {link} {skeleton} {set_aside} {agent_directory}. An id that is not
/// known yet reads "<instance-id>".
[[nodiscard]] Remedy filled(const RemedyTemplate& text, const Settings& settings,
                            std::string_view instance_id);

}  // namespace core
