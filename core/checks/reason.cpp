// SPDX-License-Identifier: Apache-2.0
// Certainty: definitive is what the kernel or the file system proves and what no restart, rotation
// or outage that the whole fleet shares looks like. All else is doubtful and has to be seen
// `checks.fail_after` times.
#include "core/checks/reason.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace core {

namespace {

constexpr std::array<Check, check_count> checks{Check::mount,      Check::queue_link,
                                                Check::master_pid, Check::startup_log,
                                                Check::ownership,  Check::relink};

constexpr std::array<std::string_view, check_count> check_names{
    "mount", "queue_link", "master_pid", "startup_log", "ownership", "relink"};

constexpr std::array<std::string_view, 28> reason_names{"none",
                                                        "missing",
                                                        "wrong_type",
                                                        "wrong_source",
                                                        "read_only",
                                                        "hung",
                                                        "io_error",
                                                        "denied",
                                                        "not_a_link",
                                                        "wrong_target",
                                                        "dangling",
                                                        "off_mount",
                                                        "unreadable",
                                                        "stale",
                                                        "not_master",
                                                        "wrong_queue",
                                                        "not_locked",
                                                        "already_running",
                                                        "lock_refused",
                                                        "start_failed",
                                                        "source_lost",
                                                        "held_elsewhere",
                                                        "lost",
                                                        "lease_expired",
                                                        "identity_shared",
                                                        "pending",
                                                        "refused",
                                                        "failed"};

constexpr Certainty doubtful = Certainty::doubtful;
constexpr Certainty definitive = Certainty::definitive;

// What several remedies have in common. rsyslog's socket in a queue, dev/log, pins the mount as a
// master does.
#define PEA_MOUNT_ANEW                                                                             \
    "sudo systemctl stop postfix postfix-elb-agent rsyslog syslog.socket; sudo umount {mount} && " \
    "sudo mount "                                                                                  \
    "{mount}; sudo systemctl start rsyslog postfix-elb-agent postfix"
#define PEA_DRY_RUN                                                                         \
    "run sudo postfix-elb-agent relink --dry-run, which says what stands in the way; when " \
    "nothing does: "
#define PEA_JOURNAL "sudo journalctl -b -u postfix -u 'postfix@*' -n 50"

constexpr ReasonInfo table[] = {
    {Check::mount, Reason::missing, definitive,
     "nothing, or only an idle automount, is mounted at `mount.path`",
     "sudo mount {mount}; if that fails: grep {mount} /etc/fstab, sudo journalctl -b | grep -i "
     "nfs, and let TCP 2049 "
     "from this instance into the security group of the EFS mount target"},
    {Check::mount, Reason::wrong_type, definitive,
     "what is mounted there has a type that `mount.fstypes` does not list",
     "findmnt {mount} shows what it is; if it is meant, add its type to mount.fstypes in "
     "/etc/postfix-elb-agent/agent.json; else " PEA_MOUNT_ANEW},
    {Check::mount, Reason::wrong_source, definitive, "what is mounted there is not `mount.source`",
     "findmnt -no SOURCE {mount} against mount.source in /etc/postfix-elb-agent/agent.json and "
     "/etc/fstab: correct the "
     "wrong one; then " PEA_MOUNT_ANEW},
    {Check::mount, Reason::read_only, definitive, "the mount is read-only",
     "sudo mount -o remount,rw {mount}; if it stays read-only, look for ro in findmnt -no OPTIONS "
     "{mount} and in "
     "/etc/fstab, and for elasticfilesystem:ClientWrite in the policy of the EFS file system"},
    {Check::mount, Reason::hung, doubtful, "the file system did not answer within `mount.deadline`",
     "sudo dmesg -T | grep 'nfs: server'; then, with the addr= of findmnt -no OPTIONS {mount}: "
     "timeout 3 bash -c "
     "'</dev/tcp/ADDR/2049' && echo it answers; if other instances hang too it is the file server: "
     "wait, replace "
     "nothing"},
    {Check::mount, Reason::io_error, doubtful,
     "the file system answers with an error (EIO, ESTALE, …)",
     "sudo dmesg -T | grep -i nfs; a stale handle stays until the file system is mounted "
     "anew: " PEA_MOUNT_ANEW},
    {Check::mount, Reason::denied, doubtful, "root may not use the file system",
     "root of this instance must be able to write: sudo ls -la {mount}/.postfix-elb-agent; check "
     "for root squashing "
     "(EFS: elasticfilesystem:ClientRootAccess, the POSIX user of an access point)"},

    {Check::queue_link, Reason::missing, doubtful, "nothing stands at `queue.link`",
     PEA_DRY_RUN "sudo systemctl restart postfix-elb-agent, then sudo systemctl restart postfix"},
    {Check::queue_link, Reason::not_a_link, definitive,
     "what stands at `queue.link` is no symbolic link",
     "do not remove {link}, mail may be in it: sudo systemctl stop postfix; " PEA_DRY_RUN
     "sudo systemctl restart postfix-elb-agent, then sudo systemctl start postfix"},
    {Check::queue_link, Reason::wrong_target, definitive,
     "the link's text is not exactly `<mount>/<instance-id>`",
     "Postfix must not run on that queue: sudo systemctl stop postfix; " PEA_DRY_RUN
     "sudo systemctl restart postfix-elb-agent, then sudo systemctl start postfix"},
    {Check::queue_link, Reason::dangling, doubtful,
     "the link is right, and `<mount>/<instance-id>` is no directory",
     "ls -ld {queue}; move away whatever stands there and is no directory; sudo systemctl restart "
     "postfix-elb-agent "
     "makes the queue anew from {skeleton}; then sudo systemctl restart postfix"},
    {Check::queue_link, Reason::off_mount, definitive,
     "`<mount>/<instance-id>` is not on the file system of the mount",
     "findmnt -T {queue} and ls -ld {queue} show where it is; with Postfix stopped, unmount what "
     "covers it or move the "
     "symbolic link away, then sudo systemctl restart postfix-elb-agent"},

    {Check::master_pid, Reason::missing, doubtful,
     "no `pid/master.pid` in the queue (a warning while a proven master works there: systemd "
     "removes a `PIDFile=`, for "
     "which the remedy is an empty `PIDFile=` in a drop-in of the unit)",
     "sudo systemctl restart postfix, then " PEA_JOURNAL},
    {Check::master_pid, Reason::unreadable, doubtful,
     "`pid/master.pid` is no readable file with a number, or has hard links (a warning while a "
     "proven master works "
     "there)",
     "sudo ls -li {queue}/pid/master.pid; it must be a plain file with one link: sudo systemctl "
     "stop postfix, move it "
     "away, sudo systemctl start postfix"},
    {Check::master_pid, Reason::stale, doubtful,
     "no process has the pid in the file (a warning while another proven master works there)",
     "no master works in {queue}: sudo systemctl restart postfix, then " PEA_JOURNAL},
    {Check::master_pid, Reason::not_master, doubtful,
     "the pid in the file belongs to another program (a warning while another proven master works "
     "there)",
     "no master works in {queue}, and its old pid was given to another program, leave that alone: "
     "sudo systemctl "
     "restart postfix, then " PEA_JOURNAL},
    {Check::master_pid, Reason::wrong_queue, definitive,
     "a master of this host works in a queue that is not this instance's own (a warning beside a "
     "proven master, and "
     "where that one works through a mount that was replaced since)",
     "sudo systemctl stop postfix (or sudo kill that master if it stays), see that readlink {link} "
     "prints {queue}, "
     "then sudo systemctl start postfix"},
    {Check::master_pid, Reason::not_locked, doubtful,
     "the master works in this queue without the lock on its pid file",
     "the file was replaced or the lock was lost, so a second master could start: at a quiet hour "
     "sudo systemctl stop "
     "postfix, sudo kill that master if it is still there, then sudo systemctl start postfix"},

    {Check::startup_log, Reason::already_running, doubtful,
     "Postfix did not start: \"already running\" (which it says whenever it cannot take the lock, "
     "for whatever cause)",
     "remove the cause that is named, then sudo systemctl restart postfix"},
    {Check::startup_log, Reason::lock_refused, doubtful,
     "master did not start: it could not lock its pid file",
     "sudo pgrep -a -x master shows a master of this host; if there is none, another host or a "
     "lease that runs out "
     "within minutes holds {queue}/pid/master.pid: then sudo systemctl restart postfix"},
    {Check::startup_log, Reason::start_failed, doubtful, "Postfix did not start, for another cause",
     "sudo postfix check prints what is wrong with the configuration; " PEA_JOURNAL
     " has the lines around it; then sudo systemctl restart postfix"},
    {Check::startup_log, Reason::unreadable, doubtful,
     "the mail log is missing, cannot be read, or is not read yet: a warning",
     "set maillog.path in /etc/postfix-elb-agent/agent.json to the file that Postfix logs to: "
     "postconf maillog_file, "
     "grep -rs mail /etc/rsyslog.conf /etc/rsyslog.d"},
    {Check::startup_log, Reason::source_lost, doubtful,
     "the mail log could be read and no longer can: a warning",
     "see whether the log is still written to and the disk has room: sudo systemctl status "
     "rsyslog, df -h /var/log"},

    {Check::ownership, Reason::held_elsewhere, definitive,
     "another host or boot holds the lock on this instance's id",
     "two hosts claim {id}: sudo cat {mount}/.postfix-elb-agent/owners/{id} names the other; keep "
     "Postfix stopped "
     "here, "
     "correct instance_id on the host where it is wrong, then sudo systemctl restart "
     "postfix-elb-agent"},
    {Check::ownership, Reason::lost, definitive,
     "the lock on this instance's id does not stand (any more)",
     "sudo systemctl restart postfix-elb-agent claims the id again; if a lock was lost Postfix "
     "lost its own too: sudo "
     "systemctl restart postfix"},
    {Check::ownership, Reason::lease_expired, doubtful,
     "the file server has let this client's lease run out",
     "the file server was out of reach for too long: sudo dmesg -T | grep -i nfs; when it answers "
     "again sudo systemctl "
     "restart postfix-elb-agent postfix"},
    {Check::ownership, Reason::identity_shared, definitive,
     "another instance calls itself by the same NFS client name, so each takes the other's locks "
     "away (a warning until "
     "it did)",
     "each instance needs an NFS identity of its own before the mount: sudo systemctl enable "
     "postfix-elb-agent-nfs-identity.service, then reboot it"},

    {Check::relink, Reason::pending, doubtful, "the relink waits or works",
     "wait; sudo journalctl -u postfix-elb-agent -n 50 shows each step, sudo postfix-elb-agent "
     "relink --dry-run what "
     "is "
     "left"},
    {Check::relink, Reason::refused, definitive, "the relink would do harm, nothing was changed",
     "remove the cause that is named (sudo postfix-elb-agent relink --dry-run says it again), it "
     "is tried again by "
     "itself"},
    {Check::relink, Reason::failed, doubtful, "a step of the relink failed",
     "remove the cause that is named, it is tried again by itself; sudo journalctl -u "
     "postfix-elb-agent -n 50 "
     "shows each try"},
};

// Which of several faults is the cause of the others and speaks for all of them. The mount carries
// everything; who may use the queue comes before whether it is in place; that before whether a
// master works in it.
constexpr std::pair<Check, Reason> by_cause[] = {
    {Check::mount, Reason::missing},
    {Check::mount, Reason::wrong_type},
    {Check::mount, Reason::wrong_source},
    {Check::mount, Reason::hung},
    {Check::mount, Reason::io_error},
    {Check::mount, Reason::denied},
    {Check::mount, Reason::read_only},
    {Check::ownership, Reason::identity_shared},
    {Check::ownership, Reason::held_elsewhere},
    {Check::relink, Reason::refused},
    {Check::relink, Reason::failed},
    {Check::relink, Reason::pending},
    {Check::queue_link, Reason::not_a_link},
    {Check::queue_link, Reason::wrong_target},
    {Check::queue_link, Reason::missing},
    {Check::queue_link, Reason::off_mount},
    {Check::queue_link, Reason::dangling},
    {Check::ownership, Reason::lease_expired},
    {Check::ownership, Reason::lost},
    {Check::master_pid, Reason::wrong_queue},
    {Check::startup_log, Reason::already_running},
    {Check::startup_log, Reason::lock_refused},
    {Check::startup_log, Reason::start_failed},
    {Check::master_pid, Reason::not_locked},
    {Check::master_pid, Reason::not_master},
    {Check::master_pid, Reason::stale},
    {Check::master_pid, Reason::unreadable},
    {Check::master_pid, Reason::missing},
    {Check::startup_log, Reason::source_lost},
    {Check::startup_log, Reason::unreadable},
};

}  // namespace

std::string_view to_string(Check check) noexcept {
    return check_names[static_cast<std::size_t>(check)];
}

std::string_view to_string(Reason reason) noexcept {
    return reason_names[static_cast<std::size_t>(reason)];
}

std::span<const Check> all_checks() noexcept {
    return checks;
}

std::span<const ReasonInfo> all_reasons() noexcept {
    return table;
}

const ReasonInfo& reason_info(Check check, Reason reason) noexcept {
    for (const ReasonInfo& row : table) {
        if (row.check == check && row.reason == reason) {
            return row;
        }
    }
    assert(false && "a pair that is not in the table");
    return table[0];
}

std::size_t cause_rank(Check check, Reason reason) noexcept {
    const auto* const found =
        std::find(std::begin(by_cause), std::end(by_cause), std::pair(check, reason));
    return static_cast<std::size_t>(found - std::begin(by_cause));
}

std::string reason_table_markdown() {
    std::string out = "| check | reason | what was seen | what to do |\n|---|---|---|---|\n";
    for (const ReasonInfo& row : table) {
        out.append("| `")
            .append(to_string(row.check))
            .append("` | `")
            .append(to_string(row.reason))
            .append("` | ");
        for (const std::string_view cell : {row.meaning, row.remedy}) {
            for (const char byte : cell) {
                out.append(byte == '|' ? "\\|" : std::string_view(&byte, 1));
            }
            out.append(" | ");
        }
        out.pop_back();
        out.push_back('\n');
    }
    return out;
}

}  // namespace core
