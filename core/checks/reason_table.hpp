// SPDX-License-Identifier: Apache-2.0
// The reasons that a check can give: one row each. Metrics, documents and tests follow from this
// table. To add a reason, add its enumerator and its row.
#pragma once

#include "core/checks/check.hpp"
#include "core/model/remedies.hpp"

#include <boost/describe/enum.hpp>

namespace core {

// clang-format off
BOOST_DEFINE_ENUM_CLASS(Reason, none,
    missing, wrong_type, wrong_source, read_only, hung, io_error, denied,
    not_a_link, wrong_target, dangling, off_mount,
    unreadable, stale, not_master, wrong_queue, not_locked,
    already_running, lock_refused, start_failed, source_lost,
    held_elsewhere, lost, lease_expired, identity_shared,
    pending, refused, failed)
// clang-format on

/// Definitive: the kernel or the file system proves the fault, and no restart, log rotation or
/// outage of the whole fleet looks like it. Doubtful: `checks.fail_after` rounds must show it.
enum class Certainty { doubtful, definitive };

/// Whether an outage of the file server can cause the fault. `unrelated` is this instance's own
/// fault in an outage, too.
enum class Outage { explains, unrelated };

struct ReasonInfo {
    Check check;
    Reason reason;
    Certainty certainty;
    Outage outage;
    std::string_view meaning;  ///< for documents: what was seen, in Markdown
    RemedyTemplate remedy;     ///< {mount} {id} {queue} {link} {skeleton} stand for the values
};

namespace reason_rows {

using enum Certainty;
using enum Outage;
using namespace command;

/// The cause comes before its consequences: of several faults the first one here is the headline.
/// The mount carries everything. Then come ownership of the queue, the link, and the master.
inline constexpr ReasonInfo table[] = {
    {Check::mount,
     Reason::missing,
     definitive,
     unrelated,
     "nothing is mounted at `mount.path`, or only an idle automount",
     {"Mount the shared file system; if that fails, correct its line in /etc/fstab, and let the "
      "security group of the EFS mount target accept TCP 2049 from this instance.",
      {"sudo mount {mount}", fstab_line, "sudo journalctl -b | grep -i nfs"}}},
    {Check::mount,
     Reason::wrong_type,
     definitive,
     unrelated,
     "the type of the mounted file system is not in `mount.fstypes`",
     {"Add the type to mount.fstypes in /etc/postfix-elb-agent/agent.json if it is intended, or "
      "correct /etc/fstab; then remount (the lines about rsyslog are for hosts that have it).",
      {find_mount, fstab_line, stop_users, stop_rsyslog, remount, start_rsyslog, start_users}}},
    {Check::mount,
     Reason::wrong_source,
     definitive,
     unrelated,
     "the mounted file system is not `mount.source`",
     {"Compare the source with mount.source in /etc/postfix-elb-agent/agent.json and with "
      "/etc/fstab, and correct the wrong one; then remount (the lines about rsyslog are for hosts "
      "that have it).",
      {find_mount, fstab_line, stop_users, stop_rsyslog, remount, start_rsyslog, start_users}}},
    {Check::mount,
     Reason::hung,
     doubtful,
     explains,
     "the file system did not answer within `mount.deadline`",
     {"Find out whether the file server answers: if it does not, or other instances hang too, wait "
      "and replace nothing.",
      {"sudo dmesg -T | grep 'nfs: server'", ask_servers}}},
    {Check::mount,
     Reason::io_error,
     doubtful,
     explains,
     "the file system answers with an error (EIO, ESTALE, …)",
     {"A stale file handle stays until the file system is remounted: read the kernel's messages, "
      "then remount (the lines about rsyslog are for hosts that have it).",
      {nfs_messages, stop_users, stop_rsyslog, remount, start_rsyslog, start_users}}},
    {Check::mount,
     Reason::denied,
     doubtful,
     explains,
     "root may not use the file system",
     {"Let root of this instance write there: no root squashing (EFS: allow "
      "elasticfilesystem:ClientRootAccess, and use no access point with a POSIX user).",
      {"sudo ls -la {agent_directory}", find_mount}}},
    {Check::mount,
     Reason::read_only,
     definitive,
     unrelated,
     "the mount is read-only",
     {"Remount it read-write; if it stays read-only, remove ro from its options in /etc/fstab, and "
      "allow elasticfilesystem:ClientWrite in the policy of the EFS file system.",
      {"sudo mount -o remount,rw {mount}", find_mount, fstab_line}}},
    {Check::ownership,
     Reason::identity_shared,
     definitive,
     unrelated,
     "another instance has the same NFS client name, so each takes the other's locks away (a "
     "warning until that happens)",
     {"Give each instance its own NFS client id before the mount, and reboot it: in a maintenance "
      "window while this is only a warning.",
      {"sudo systemctl enable postfix-elb-agent-nfs-identity.service", "sudo systemctl reboot"}}},
    {Check::ownership,
     Reason::held_elsewhere,
     definitive,
     unrelated,
     "another host or boot holds the lock on this instance's id",
     {"Two hosts claim {id}: keep Postfix stopped here, correct instance_id on the host where it "
      "is wrong (the owner file names the other), then restart the agent and Postfix.",
      {show_owner, stop_postfix, restart_agent, start_if_linked}}},
    {Check::relink,
     Reason::refused,
     definitive,
     unrelated,
     "the relink would do harm, so nothing was changed",
     {"Remove the cause that the output names; the agent retries automatically.", {dry_run}}},
    {Check::relink,
     Reason::failed,
     doubtful,
     explains,
     "a step of the relink failed",
     {"Remove the cause that the output names; the agent retries automatically.",
      {agent_journal, dry_run}}},
    {Check::relink,
     Reason::pending,
     doubtful,
     explains,
     "the relink waits or works",
     {"Wait; the agent's log shows each step, and the dry run shows what is left.",
      {agent_journal, dry_run}}},
    {Check::queue_link,
     Reason::not_a_link,
     definitive,
     unrelated,
     "`queue.link` exists and is not a symbolic link",
     {"Do not remove {link}, because mail may be in it: stop Postfix, remove what the dry run "
      "reports, then restart the agent, which makes the link.",
      {stop_postfix, dry_run, restart_agent, start_if_linked}}},
    {Check::queue_link,
     Reason::wrong_target,
     definitive,
     unrelated,
     "the link's text is not exactly `<mount>/<instance-id>`",
     {"Stop Postfix, which must not run on that queue; remove what the dry run reports, then "
      "restart the agent, which corrects the link.",
      {stop_postfix, dry_run, restart_agent, start_if_linked}}},
    {Check::queue_link,
     Reason::missing,
     doubtful,
     explains,
     "`queue.link` does not exist",
     {"Remove what the dry run reports, then restart the agent, which makes the link.",
      {dry_run, restart_agent, restart_if_linked}}},
    {Check::queue_link,
     Reason::off_mount,
     definitive,
     unrelated,
     "`<mount>/<instance-id>` is not on the file system of the mount",
     {"Stop Postfix; unmount what covers {queue} once no mail is in it, or move a symbolic link "
      "there away; then restart the agent.",
      {stop_postfix, "findmnt -T {queue}; sudo ls -ld {queue}",
       "mountpoint -q {queue} && [ -z \"$(sudo find {queue}/maildrop {queue}/incoming "
       "{queue}/active {queue}/deferred {queue}/hold -type f)\" ] && sudo umount -l {queue}",
       "sudo test -L {queue} && sudo mv -nT {queue} {queue}.$(date +%s)", restart_agent,
       start_if_linked}}},
    {Check::queue_link,
     Reason::dangling,
     doubtful,
     explains,
     "the link is right, but `<mount>/<instance-id>` is not a directory",
     {"Move what is at {queue} away unless it is a directory, then restart the agent, which makes "
      "the queue from {skeleton}.",
      {"sudo ls -ld {queue}",
       "sudo test -d {queue} -a ! -L {queue} || sudo mv -nT {queue} {queue}.$(date +%s)",
       restart_agent, "sudo test -d {queue}/active && sudo systemctl restart postfix"}}},
    {Check::ownership,
     Reason::lease_expired,
     doubtful,
     explains,
     "the file server has let this client's lease expire",
     {"The file server was unreachable for too long: once it answers again, restart the agent and "
      "Postfix.",
      {nfs_messages, restart_agent, restart_postfix}}},
    {Check::ownership,
     Reason::lost,
     definitive,
     explains,
     "this host has lost the lock on its id, or does not hold it yet",
     {"Restart the agent, which claims the id again, and Postfix, which lost its locks too.",
      {restart_agent, restart_if_linked}}},
    {Check::master_pid,
     Reason::wrong_queue,
     definitive,
     unrelated,
     "a master of this host works in a queue that is not this instance's own (a warning beside a "
     "proven master, and where that one works through a mount that was replaced)",
     {"Stop the master that works in the wrong queue, then start Postfix in {queue}; kill a master "
      "that stays.",
      {show_masters, stop_postfix, show_masters, start_if_linked}}},
    {Check::startup_log,
     Reason::already_running,
     doubtful,
     explains,
     "Postfix did not start: \"already running\" (which it logs whenever it cannot take the lock, "
     "for any cause)",
     {"Remove the cause that the output names, then restart Postfix.", {restart_postfix}}},
    {Check::startup_log,
     Reason::lock_refused,
     doubtful,
     explains,
     "master did not start: it could not lock its pid file",
     {"Find what holds the lock on {queue}/pid/master.pid: a master of this host, another host, or "
      "a lease that expires within minutes; then restart Postfix.",
      {"sudo pgrep -a -x master", restart_postfix}}},
    {Check::startup_log,
     Reason::start_failed,
     doubtful,
     explains,
     "Postfix did not start, for another cause",
     {"Correct what Postfix reports about its configuration, then restart it.",
      {"sudo postfix check", postfix_journal, restart_postfix}}},
    {Check::master_pid,
     Reason::not_locked,
     doubtful,
     explains,
     "the master works in this queue without the lock on its pid file",
     {"A second master could start beside this one: restart Postfix in a maintenance window, and "
      "kill a master that stays.",
      {stop_postfix, show_masters, start_if_linked}}},
    {Check::master_pid,
     Reason::not_master,
     doubtful,
     explains,
     "the pid in the file belongs to another program (a warning while another proven master works "
     "there)",
     {"No master works in {queue}, and another program has its old pid: leave that program alone "
      "and restart Postfix.",
      {restart_postfix, postfix_journal}}},
    {Check::master_pid,
     Reason::stale,
     doubtful,
     explains,
     "no process has the pid in the file (a warning while another proven master works there)",
     {"No master works in {queue}: restart Postfix, and read what it logged.",
      {restart_postfix, postfix_journal}}},
    {Check::master_pid,
     Reason::unreadable,
     doubtful,
     explains,
     "`pid/master.pid` is not a readable file with a number, or has hard links (a warning while a "
     "proven master works there)",
     {"The pid file must be a regular file with one link: with Postfix stopped, move it away.",
      {"sudo ls -li {queue}/pid/master.pid", stop_postfix,
       "pgrep -x master || sudo mv -nT {queue}/pid/master.pid {queue}/pid/master.pid.$(date +%s)",
       start_if_linked}}},
    {Check::master_pid,
     Reason::missing,
     doubtful,
     explains,
     "`pid/master.pid` does not exist in the queue (a warning while a proven master works there: "
     "systemd removes a `PIDFile=`, which a drop-in with an empty `PIDFile=` prevents)",
     {"No master works in {queue}: restart Postfix, and read what it logged.",
      {restart_postfix, postfix_journal}}},
    {Check::startup_log,
     Reason::source_lost,
     doubtful,
     explains,
     "the mail log could be read, and no longer can: a warning",
     {"Check that the log is still written and that its disk has room.",
      {"systemctl --no-pager status rsyslog systemd-journald", "df -h /var/log"}}},
    {Check::startup_log,
     Reason::unreadable,
     doubtful,
     explains,
     "the mail log is missing, cannot be read, or is not read yet: a warning",
     {"Set maillog.path in /etc/postfix-elb-agent/agent.json to the file that Postfix logs to.",
      {"sudo postconf -h maillog_file", "grep -rs mail /etc/rsyslog.conf /etc/rsyslog.d",
       "sudo systemctl reload postfix-elb-agent"}}},
};

}  // namespace reason_rows

}  // namespace core
