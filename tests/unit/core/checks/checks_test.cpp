// SPDX-License-Identifier: Apache-2.0
// Every reason that users were promised, each reached from a healthy host by one thing that goes
// wrong, and what the operator then reads, literally.
#include "core/checks/checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "unit/core/healthy_world.hpp"

namespace {

using core::Certainty;
using core::Check;
using core::Finding;
using core::Reason;
using core::Status;
using test::text_of;
using test::World;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct Story {
    std::string name;
    Check check;
    Status status;
    Reason reason;
    std::function<void(World&)> spoil;
    std::string output;  ///< whole
    std::string remedy;  ///< a part
};

void unmounted(World& w) {
    w.host().mount.reset();
}
/// So long ago each, and held again since.
void lose_lock(World& w, const std::vector<std::chrono::seconds>& ages) {
    for (const std::chrono::seconds age : ages) {
        w.mount().ownership.losses.push_back((w.now.boot - age).count());
    }
}
void late_failure(World& w, core::StartFailure::Kind kind, const std::string& line) {
    w.stop_postfix();
    w.log().last_failure = core::StartFailure{kind, test::moment(-10s).wall, line};
}

using Kind = core::StartFailure::Kind;
using OwnerState = core::OwnershipFacts::State;
using PidKind = core::PidFileFacts::Kind;

const std::vector<Story>& stories() {
    static const std::vector<Story> all{
        // mount
        {"nothing_mounted", Check::mount, Status::fail, Reason::missing, unmounted,
         "nothing is mounted at /Mail", "sudo mount /Mail"},
        {"idle_automount", Check::mount, Status::fail, Reason::missing,
         [](World& w) { w.host().mount->fstype = "autofs"; },
         "only an automount waits at /Mail, no file system is mounted there", "sudo mount /Mail"},
        {"other_type", Check::mount, Status::fail, Reason::wrong_type,
         [](World& w) {
             w.settings.mount.fstypes = {"nfs4", "nfs"};
             w.host().mount->fstype = "ext4";
             w.host().mount->source = "/dev/nvme1n1";
         },
         "/Mail is /dev/nvme1n1 of type ext4, mount.fstypes allows nfs4, nfs", "findmnt /Mail"},
        {"other_source", Check::mount, Status::fail, Reason::wrong_source,
         [](World& w) { w.settings.mount.source = "fs-9999:/"; },
         "/Mail is fs-0123.efs.eu-central-1.amazonaws.com:/, mount.source is fs-9999:/",
         "Compare the source with mount.source"},
        {"read_only", Check::mount, Status::fail, Reason::read_only,
         [](World& w) { w.host().mount->read_only = true; },
         "/Mail (fs-0123.efs.eu-central-1.amazonaws.com:/) is mounted read-only",
         "sudo mount -o remount,rw /Mail"},
        {"hung", Check::mount, Status::fail, Reason::hung,
         [](World& w) { w.facts.mount_hung_since = test::moment(-42s); },
         "/Mail has not answered since 2026-11-22T09:59:18.000Z (42 s)",
         "dmesg -T | grep 'nfs: server'"},
        {"mount_facts_too_old", Check::mount, Status::fail, Reason::hung,
         [](World& w) { w.facts.mount.at = test::moment(-18s); },
         "/Mail has not answered since 2026-11-22T09:59:42.000Z (18 s)", "/dev/tcp/$a/2049"},
        {"host_facts_too_old", Check::mount, Status::fail, Reason::hung,
         [](World& w) { w.facts.host.at = test::moment(-18s); },
         "the mount table was last read 18 s ago: the agent's host worker does not answer",
         "findmnt"},
        {"io_error", Check::mount, Status::fail, Reason::io_error,
         [](World& w) {
             w.mount().answer = core::MountFacts::Answer::io_error;
             w.mount().error = "read /Mail/x: Stale file handle";
         },
         "no answer: read /Mail/x: Stale file handle", "sudo umount /Mail && sudo mount /Mail"},
        {"denied", Check::mount, Status::fail, Reason::denied,
         [](World& w) {
             w.mount().answer = core::MountFacts::Answer::denied;
             w.mount().error = "open /Mail/x: Permission denied";
         },
         "no answer: open /Mail/x: Permission denied", "elasticfilesystem:ClientRootAccess"},

        // queue_link
        {"no_link", Check::queue_link, Status::fail, Reason::missing,
         [](World& w) {
             w.host().link = {core::LinkFacts::Kind::absent, "", ""};
         },
         "/var/spool/postfix does not exist", "sudo postfix-elb-agent relink --dry-run"},
        {"a_directory", Check::queue_link, Status::fail, Reason::not_a_link,
         [](World& w) {
             w.host().link = {core::LinkFacts::Kind::directory, "", ""};
         },
         "/var/spool/postfix is a directory, not a link to /Mail/i-0123456789abcdef0",
         "Do not remove /var/spool/postfix,"},
        {"link_of_another", Check::queue_link, Status::fail, Reason::wrong_target,
         [](World& w) { w.host().link.target = test::other_queue; },
         "/var/spool/postfix points to /Mail/i-0fedcba9876543210, not to /Mail/i-0123456789abcdef0",
         "sudo postfix-elb-agent relink --dry-run\n"},
        {"nearly_the_same_text", Check::queue_link, Status::fail, Reason::wrong_target,
         [](World& w) { w.host().link.target += "/"; },
         "/var/spool/postfix points to /Mail/i-0123456789abcdef0/, not to "
         "/Mail/i-0123456789abcdef0",
         "sudo systemctl stop postfix"},
        {"no_queue", Check::queue_link, Status::fail, Reason::dangling,
         [](World& w) {
             w.mount().queue_dir = {core::QueueDirFacts::Kind::absent, ""};
         },
         "/var/spool/postfix points to /Mail/i-0123456789abcdef0, which does not exist",
         "makes the queue from /var/spool/postfix_org"},
        {"queue_is_a_file", Check::queue_link, Status::fail, Reason::dangling,
         [](World& w) {
             w.mount().queue_dir = {core::QueueDirFacts::Kind::not_a_directory, ""};
         },
         "/var/spool/postfix points to /Mail/i-0123456789abcdef0, which is not a directory",
         "ls -ld /Mail/i-0123456789abcdef0"},
        {"link_without_mount", Check::queue_link, Status::fail, Reason::dangling, unmounted,
         "/var/spool/postfix points to /Mail/i-0123456789abcdef0, and nothing is mounted at /Mail",
         "Fix mount first."},
        {"queue_elsewhere", Check::queue_link, Status::fail, Reason::off_mount,
         [](World& w) {
             w.mount().queue_dir = {core::QueueDirFacts::Kind::off_mount, ""};
         },
         "/Mail/i-0123456789abcdef0 is not on the file system that is mounted at /Mail",
         "findmnt -T /Mail/i-0123456789abcdef0"},

        // master_pid
        {"no_pid_file_no_master", Check::master_pid, Status::fail, Reason::missing,
         [](World& w) {
             w.stop_postfix();
             w.mount().pid_file = {};
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid does not exist; no master runs on this host",
         "sudo systemctl restart postfix\nsudo journalctl -b -u postfix -u 'postfix@*'"},
        {"no_pid_file_proven_master", Check::master_pid, Status::warn, Reason::missing,
         [](World& w) {
             w.host().named.reset();
             w.mount().pid_file = {};
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid does not exist; master 771 works in "
         "/Mail/i-0123456789abcdef0 and "
         "holds the lock",
         "PIDFile="},
        {"second_instance_of_postfix_only", Check::master_pid, Status::fail, Reason::stale,
         [](World& w) {
             w.stop_postfix();
             w.host().masters = {test::master(90, "/var/spool/postfix-out")};
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid names pid 771, and no such process exists; "
         "master 90 works in "
         "/var/spool/postfix-out",
         "No master works in /Mail/i-0123456789abcdef0: restart Postfix"},
        {"empty_pid_file", Check::master_pid, Status::fail, Reason::unreadable,
         [](World& w) {
             w.stop_postfix();
             w.mount().pid_file = {PidKind::garbage, 0, 131448, 1, "", ""};
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid is empty; no master runs on this host",
         "sudo ls -li /Mail/i-0123456789abcdef0/pid/master.pid"},
        {"garbage_in_pid_file", Check::master_pid, Status::fail, Reason::unreadable,
         [](World& w) {
             w.stop_postfix();
             w.mount().pid_file = {PidKind::garbage, 0, 131448, 1, "hello\n\x1b[2J", ""};
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid holds no pid but \"hello??[2J\"; no master runs "
         "on this host",
         "move it away."},
        {"pid_file_is_a_directory", Check::master_pid, Status::fail, Reason::unreadable,
         [](World& w) {
             w.stop_postfix();
             w.mount().pid_file = {PidKind::not_a_file, 0, 7, 2, "", ""};
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid is not a regular file; no master runs on this "
         "host",
         "regular file"},
        {"pid_file_not_readable", Check::master_pid, Status::fail, Reason::unreadable,
         [](World& w) {
             w.stop_postfix();
             w.mount().pid_file = {PidKind::unreadable, 0, 0, 0, "", "open: Permission denied"};
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid could not be read: open: Permission denied; no "
         "master runs on this "
         "host",
         "sudo ls -li"},
        {"pid_file_hard_linked", Check::master_pid, Status::warn, Reason::unreadable,
         [](World& w) { w.mount().pid_file.links = 2; },
         "/Mail/i-0123456789abcdef0/pid/master.pid has 2 hard links, so that Postfix will not "
         "start again; master 771 "
         "works in /Mail/i-0123456789abcdef0 and holds the lock",
         "one link"},
        {"master_killed", Check::master_pid, Status::fail, Reason::stale,
         [](World& w) { w.stop_postfix(); },
         "/Mail/i-0123456789abcdef0/pid/master.pid names pid 771, and no such process exists; no "
         "master runs on this "
         "host",
         "journalctl -b -u postfix -u 'postfix@*'"},
        {"stale_file_beside_a_proven_master", Check::master_pid, Status::warn, Reason::stale,
         [](World& w) {
             w.host().named.reset();
             w.mount().pid_file.pid = 500;
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid names pid 500, and no such process exists; "
         "master 771 works in "
         "/Mail/i-0123456789abcdef0 and holds the lock",
         "sudo systemctl stop postfix\n[ \"$(sudo readlink /proc/771/cwd)\" = "
         "/Mail/i-0123456789abcdef0 ] && sudo kill 771 && "},
        {"pid_reused", Check::master_pid, Status::fail, Reason::not_master,
         [](World& w) {
             w.stop_postfix();
             core::ProcessFacts sleep;
             sleep.pid = 771;
             sleep.exe = "/usr/bin/sleep";
             w.host().named = sleep;
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid names pid 771, which is /usr/bin/sleep and not "
         "Postfix's master; no "
         "master runs on this host",
         "leave that program alone"},
        {"master_of_another_queue", Check::master_pid, Status::fail, Reason::wrong_queue,
         [](World& w) {
             w.host().named = test::master(771, test::other_queue);
             w.host().masters = {*w.host().named};
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid names pid 771, a master that works in "
         "/Mail/i-0fedcba9876543210, "
         "not "
         "in /Mail/i-0123456789abcdef0",
         "sudo systemctl stop postfix"},
        {"started_in_anothers_queue", Check::master_pid, Status::fail, Reason::wrong_queue,
         [](World& w) {
             w.stop_postfix();
             w.mount().pid_file = {};
             w.host().masters = {test::master(812, test::other_queue)};
         },
         "master 812 works in /Mail/i-0fedcba9876543210, not in /Mail/i-0123456789abcdef0; "
         "/Mail/i-0123456789abcdef0/pid/master.pid does not exist",
         "sudo systemctl stop postfix"},
        {"started_in_the_skeleton", Check::master_pid, Status::fail, Reason::wrong_queue,
         [](World& w) {
             w.stop_postfix();
             w.host().masters = {test::master(812, "/var/spool/postfix_org")};
         },
         "master 812 works in /var/spool/postfix_org, not in /Mail/i-0123456789abcdef0; "
         "/Mail/i-0123456789abcdef0/pid/master.pid names pid 771, and no such process exists",
         "sudo systemctl stop postfix"},
        {"a_second_master_in_anothers_queue", Check::master_pid, Status::warn, Reason::wrong_queue,
         [](World& w) { w.host().masters.push_back(test::master(812, test::other_queue)); },
         "beside master 771 of /Mail/i-0123456789abcdef0, master 812 works in "
         "/Mail/i-0fedcba9876543210",
         "sudo kill 812"},
        {"no_lock", Check::master_pid, Status::fail, Reason::not_locked,
         [](World& w) {
             w.host().named->holds_lock = false;
             w.host().masters = {*w.host().named};
         },
         "master 771 works in /Mail/i-0123456789abcdef0 and holds no lock on "
         "/Mail/i-0123456789abcdef0/pid/master.pid",
         "so a second master could start: restart Postfix in a maintenance window."},
        {"lock_on_a_replaced_file", Check::master_pid, Status::fail, Reason::not_locked,
         [](World& w) { w.mount().pid_file.inode = 5; },
         "master 771 works in /Mail/i-0123456789abcdef0 and holds a lock, but not on the file that "
         "is now "
         "/Mail/i-0123456789abcdef0/pid/master.pid",
         "sudo kill 771"},
        {"through_a_mount_that_was_replaced", Check::master_pid, Status::warn, Reason::wrong_queue,
         [](World& w) {
             w.host().named->cwd = "/i-0123456789abcdef0";
             w.host().masters = {*w.host().named};
         },
         "master 771 works in this queue through a mount that was replaced",
         "restart Postfix in a maintenance window"},
        {"another_file_beside_a_master_that_works_here", Check::master_pid, Status::fail,
         Reason::stale,
         [](World& w) {
             w.host().named.reset();
             w.mount().pid_file.pid = 500;
             w.mount().pid_file.inode = 5;
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid names pid 500, and no such process exists; "
         "master 771 works in "
         "/Mail/i-0123456789abcdef0 and does not hold the lock on this file",
         "A second master could start beside master 771: restart Postfix in a maintenance "
         "window."},
        {"a_pid_file_while_another_host_holds_the_id", Check::master_pid, Status::fail,
         Reason::stale,
         [](World& w) {
             w.stop_postfix();
             w.mount().ownership.state = OwnerState::held_elsewhere;
             core::ProcessFacts sleep;
             sleep.pid = 771;
             sleep.exe = "/usr/bin/sleep";
             w.host().named = sleep;
         },
         "no master of this host works in /Mail/i-0123456789abcdef0; "
         "/Mail/i-0123456789abcdef0/pid/master.pid does not "
         "count while another host holds the id",
         "Fix ownership first."},
        {"behind_a_mount_of_the_wrong_type", Check::master_pid, Status::fail, Reason::unreadable,
         [](World& w) {
             w.stop_postfix();
             w.host().mount->fstype = "ext4";
             w.mount() = {};
             w.mount().error = "/Mail: type ext4 is not nfs4";
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid could not be read: the mount cannot be used, "
         "see mount",
         "Fix mount first."},
        {"in_anothers_queue_while_the_link_is_wrong", Check::master_pid, Status::fail,
         Reason::wrong_queue,
         [](World& w) {
             w.host().named = test::master(771, test::other_queue);
             w.host().masters = {*w.host().named};
             w.host().link.target = test::other_queue;
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid names pid 771, a master that works in "
         "/Mail/i-0fedcba9876543210, "
         "not "
         "in /Mail/i-0123456789abcdef0",
         "kill one that stays. Then: Fix queue_link first.\n"},
        {"pid_file_behind_an_error", Check::master_pid, Status::warn, Reason::unreadable,
         [](World& w) {
             w.mount() = {};
             w.mount().answer = core::MountFacts::Answer::io_error;
             w.mount().error = "EIO";
         },
         "/Mail/i-0123456789abcdef0/pid/master.pid could not be read: no answer from /Mail: EIO; "
         "master 771 works in "
         "/Mail/i-0123456789abcdef0 and holds a lock",
         "Fix mount first."},

        // startup_log
        {"already_running_read_only", Check::startup_log, Status::fail, Reason::already_running,
         [](World& w) {
             late_failure(w, Kind::already_running,
                          "fatal: the Postfix mail system is already running");
             w.host().mount->read_only = true;
         },
         "Postfix did not start: \"fatal: the Postfix mail system is already running\" "
         "(/var/log/mail.log); likely "
         "cause: "
         "/Mail is mounted read-only",
         "Fix mount first."},
        {"already_running_hard_link", Check::startup_log, Status::fail, Reason::already_running,
         [](World& w) {
             late_failure(w, Kind::already_running, "already running");
             w.mount().pid_file.links = 2;
         },
         "Postfix did not start: \"already running\" (/var/log/mail.log); likely cause: "
         "/Mail/i-0123456789abcdef0/pid/master.pid has 2 hard links, which Postfix refuses",
         "Remove the cause"},
        {"already_running_before_the_relink", Check::startup_log, Status::fail,
         Reason::already_running,
         [](World& w) {
             late_failure(w, Kind::already_running, "already running");
             w.relink().changed = true;
             w.facts.relink.at = test::moment(-5s);
         },
         "Postfix did not start: \"already running\" (/var/log/mail.log); likely cause: Postfix "
         "was started before the "
         "relink was done (at 2026-11-22T09:59:55.000Z), in whatever queue the link named then",
         "No cause is left that prevents a start: restart Postfix.\nsudo systemctl restart "
         "postfix"},
        {"already_running_while_relinking", Check::startup_log, Status::fail,
         Reason::already_running,
         [](World& w) {
             late_failure(w, Kind::already_running, "already running");
             w.relink().state = core::RelinkProgress::State::pending;
         },
         "Postfix did not start: \"already running\" (/var/log/mail.log); likely cause: Postfix "
         "was started before the "
         "relink was done, in whatever queue the link named then",
         "Fix relink first."},
        {"lock_refused_by_a_master_here", Check::startup_log, Status::fail, Reason::lock_refused,
         [](World& w) {
             late_failure(w, Kind::lock_refused, "unable to set exclusive lock");
             w.host().masters = {test::master(90, "/var/spool/postfix-out")};
         },
         "Postfix did not start: \"unable to set exclusive lock\" (/var/log/mail.log); likely "
         "cause: master 90 of this "
         "host works in /var/spool/postfix-out and holds the lock on "
         "/var/spool/postfix-out/pid/master.pid",
         "pgrep -a -x master"},
        {"lock_refused_from_elsewhere", Check::startup_log, Status::fail, Reason::lock_refused,
         [](World& w) {
             late_failure(w, Kind::lock_refused, "unable to set exclusive lock");
             w.relink().changed = true;
         },
         "Postfix did not start: \"unable to set exclusive lock\" (/var/log/mail.log); likely "
         "cause: no process of "
         "this "
         "host holds the lock on /Mail/i-0123456789abcdef0/pid/master.pid, so another host did, or "
         "the lease of one "
         "that "
         "is gone",
         "another host, or a lease"},
        {"lock_refused_by_another_process_here", Check::startup_log, Status::fail,
         Reason::lock_refused,
         [](World& w) {
             late_failure(w, Kind::lock_refused, "unable to set exclusive lock");
             w.facts.lock.value = core::LockFacts{core::LockFacts::State::held, 0, 0, ""};
             w.host().lock_holders = {{4242, "/usr/bin/flock"}};
         },
         "Postfix did not start: \"unable to set exclusive lock\" (/var/log/mail.log); likely "
         "cause: process 4242 of "
         "this host (/usr/bin/flock) holds the lock on /Mail/i-0123456789abcdef0/pid/master.pid",
         "pgrep -a -x master"},
        {"lock_refused_by_another_host", Check::startup_log, Status::fail, Reason::lock_refused,
         [](World& w) {
             late_failure(w, Kind::lock_refused, "unable to set exclusive lock");
             w.facts.lock.value = core::LockFacts{core::LockFacts::State::held, 0, 0, ""};
         },
         "Postfix did not start: \"unable to set exclusive lock\" (/var/log/mail.log); likely "
         "cause: another host "
         "holds "
         "the lock on /Mail/i-0123456789abcdef0/pid/master.pid, or the lease of one that is gone, "
         "which runs out "
         "within "
         "minutes",
         "another host, or a lease"},
        {"already_running_because_of_a_lock_error", Check::startup_log, Status::fail,
         Reason::already_running,
         [](World& w) {
             late_failure(w, Kind::already_running, "already running");
             w.facts.lock.value =
                 core::LockFacts{core::LockFacts::State::error, 0, 37, "No locks available"};
         },
         "Postfix did not start: \"already running\" (/var/log/mail.log); likely cause: the lock "
         "on "
         "/Mail/i-0123456789abcdef0/pid/master.pid cannot be acquired: No locks available",
         "Remove the cause that the output names"},
        {"lock_refused_and_free_by_now", Check::startup_log, Status::fail, Reason::lock_refused,
         [](World& w) {
             late_failure(w, Kind::lock_refused, "unable to set exclusive lock");
             w.facts.lock.value = core::LockFacts{core::LockFacts::State::free, 0, 0, ""};
         },
         "Postfix did not start: \"unable to set exclusive lock\" (/var/log/mail.log); likely "
         "cause: another host, or "
         "the "
         "lease of one that is gone, held the lock on /Mail/i-0123456789abcdef0/pid/master.pid, "
         "which is free now",
         "No cause is left that prevents a start: restart Postfix.\nsudo systemctl restart "
         "postfix"},
        {"lock_refused_for_an_unknown_cause", Check::startup_log, Status::fail,
         Reason::lock_refused,
         [](World& w) {
             late_failure(w, Kind::lock_refused, "unable to set exclusive lock");
             w.host().mount->fstype = "tmpfs";
             w.settings.mount.fstypes = {"tmpfs"};
             w.relink().changed = true;
             w.facts.lock.value = core::LockFacts{core::LockFacts::State::free, 0, 0, ""};
         },
         "Postfix did not start: \"unable to set exclusive lock\" (/var/log/mail.log); the cause "
         "is no longer known",
         "No cause is left that prevents a start: restart Postfix.\nsudo systemctl restart "
         "postfix"},
        {"already_running_and_the_lock_is_unknown", Check::startup_log, Status::fail,
         Reason::already_running,
         [](World& w) { late_failure(w, Kind::already_running, "already running"); },
         "Postfix did not start: \"already running\" (/var/log/mail.log); the cause is no longer "
         "known",
         "Find what holds the lock on /Mail/i-0123456789abcdef0/pid/master.pid: a master of this "
         "host, another host, or a lease that expires within minutes"},
        {"already_running_because_of_another_hosts_lock", Check::startup_log, Status::fail,
         Reason::already_running,
         [](World& w) {
             late_failure(w, Kind::already_running, "already running");
             w.facts.lock.value = core::LockFacts{core::LockFacts::State::held, 0, 0, ""};
         },
         "Postfix did not start: \"already running\" (/var/log/mail.log); likely cause: another "
         "host holds the lock on "
         "/Mail/i-0123456789abcdef0/pid/master.pid, or the lease of one that is gone, which runs "
         "out within minutes",
         "Find what holds the lock on /Mail/i-0123456789abcdef0/pid/master.pid: a master of this "
         "host, another host, or a lease that expires within minutes"},
        {"start_failed_beside_a_master_here", Check::startup_log, Status::fail,
         Reason::start_failed,
         [](World& w) {
             late_failure(w, Kind::start_failed, "fatal: mail system startup failed");
             w.host().masters = {test::master(90, "/var/spool/postfix-out")};
         },
         "Postfix did not start: \"fatal: mail system startup failed\" (/var/log/mail.log); likely "
         "cause: master 90 of "
         "this host works in /var/spool/postfix-out and holds the lock on "
         "/var/spool/postfix-out/pid/master.pid",
         "sudo postfix check"},
        {"start_failed", Check::startup_log, Status::fail, Reason::start_failed,
         [](World& w) { late_failure(w, Kind::start_failed, "fatal: mail system startup failed"); },
         "Postfix did not start: \"fatal: mail system startup failed\" (/var/log/mail.log); likely "
         "cause: see the "
         "lines "
         "before it",
         "sudo postfix check"},
        {"log_missing", Check::startup_log, Status::warn, Reason::unreadable,
         [](World& w) { w.log().source = core::StartupLogFacts::Source::missing; },
         "/var/log/mail.log does not exist, and this host keeps no journal of this boot",
         "install -y rsyslog"},
        {"the_file_that_was_named_is_missing", Check::startup_log, Status::warn, Reason::unreadable,
         [](World& w) {
             w.settings.maillog.source = core::MaillogSource::file;
             w.settings.maillog.path = "/var/log/mail.log";
             w.log().source = core::StartupLogFacts::Source::missing;
         },
         "/var/log/mail.log does not exist", "Set maillog.path"},
        {"no_log_of_the_usual_names", Check::startup_log, Status::warn, Reason::unreadable,
         [](World& w) {
             w.log().source = core::StartupLogFacts::Source::missing;
             w.log().path = "/var/log/mail.log or /var/log/maillog";
         },
         "neither /var/log/mail.log nor /var/log/maillog exists, and this host keeps no journal of "
         "this boot",
         "systemd-journald"},
        {"the_journal_is_chosen_and_there_is_none", Check::startup_log, Status::warn,
         Reason::unreadable,
         [](World& w) {
             w.settings.maillog.source = core::MaillogSource::journal;
             w.log().source = core::StartupLogFacts::Source::missing;
             w.log().path = "";
         },
         "this host keeps no journal of this boot", "systemd-journald"},
        {"log_unreadable", Check::startup_log, Status::warn, Reason::unreadable,
         [](World& w) {
             w.log().source = core::StartupLogFacts::Source::unreadable;
             w.log().error = "Permission denied";
         },
         "/var/log/mail.log could not be read: Permission denied", "sudo postconf -h maillog_file"},
        {"log_catching_up", Check::startup_log, Status::warn, Reason::unreadable,
         [](World& w) {
             late_failure(w, Kind::already_running, "already running");
             w.log().source = core::StartupLogFacts::Source::catching_up;
         },
         "/var/log/mail.log is still being read from its beginning", "maillog.path"},
        {"log_lost", Check::startup_log, Status::warn, Reason::source_lost,
         [](World& w) {
             w.log().source = core::StartupLogFacts::Source::lost;
             w.log().error = "read: Input/output error";
         },
         "/var/log/mail.log can no longer be read: read: Input/output error",
         "systemctl --no-pager status rsyslog"},

        // ownership
        {"held_elsewhere", Check::ownership, Status::fail, Reason::held_elsewhere,
         [](World& w) {
             w.mount().ownership.state = OwnerState::held_elsewhere;
             w.mount().ownership.holder = test::owner(test::own_id, "ip-10-0-0-9");
         },
         "the id i-0123456789abcdef0 is held by host ip-10-0-0-9 (boot b007, since "
         "2026-11-22T09:00:05.000Z), "
         "/Mail/.postfix-elb-agent/owners/i-0123456789abcdef0",
         "sudo cat /Mail/.postfix-elb-agent/owners/i-0123456789abcdef0"},
        {"lost", Check::ownership, Status::fail, Reason::lost,
         [](World& w) {
             w.mount().ownership.state = OwnerState::lost;
             w.mount().ownership.error = "read: Input/output error";
             w.mount().ownership.holder = {};
         },
         "the lock on /Mail/.postfix-elb-agent/owners/i-0123456789abcdef0 was lost: read: "
         "Input/output error",
         "sudo systemctl restart postfix-elb-agent"},
        {"lost_to_another", Check::ownership, Status::fail, Reason::lost,
         [](World& w) {
             w.mount().ownership.state = OwnerState::lost;
             w.mount().ownership.error = "it now names another owner";
             w.mount().ownership.holder = test::owner(test::own_id, "ip-10-0-0-9");
         },
         "the lock on /Mail/.postfix-elb-agent/owners/i-0123456789abcdef0 was lost: it now names "
         "another owner; it "
         "names "
         "host ip-10-0-0-9 (boot b007, since 2026-11-22T09:00:05.000Z)",
         "sudo systemctl restart postfix-elb-agent"},
        {"unclaimed", Check::ownership, Status::warn, Reason::lost,
         [](World& w) { w.mount().ownership.state = OwnerState::unclaimed; },
         "no agent of this host holds the lock on "
         "/Mail/.postfix-elb-agent/owners/i-0123456789abcdef0",
         "sudo systemctl start postfix-elb-agent"},
        {"unclaimed_while_the_relink_is_refused", Check::ownership, Status::warn, Reason::lost,
         [](World& w) {
             w.mount().ownership.state = OwnerState::unclaimed;
             w.relink().state = core::RelinkProgress::State::refused;
         },
         "no agent of this host holds the lock on "
         "/Mail/.postfix-elb-agent/owners/i-0123456789abcdef0",
         "Fix relink first."},
        {"ownership_unknown", Check::ownership, Status::fail, Reason::lost,
         [](World& w) {
             w.mount().ownership.state = OwnerState::error;
             w.mount().ownership.error = "open: Permission denied";
         },
         "the holder of /Mail/.postfix-elb-agent/owners/i-0123456789abcdef0 is unknown: open: "
         "Permission denied",
         "sudo systemctl"},
        {"lease_expired", Check::ownership, Status::fail, Reason::lease_expired,
         [](World& w) { w.host().lease_expired = 31; },
         "the lease of /Mail ran out 31 s ago, the server may give away the lock on "
         "/Mail/.postfix-elb-agent/owners/i-0123456789abcdef0",
         "dmesg -T"},
        {"a_twin_took_the_lock", Check::ownership, Status::fail, Reason::identity_shared,
         [](World& w) {
             w.mount().ownership.state = OwnerState::lost;
             w.mount().ownership.shared_with = test::owner(test::own_id, "ip-10-0-0-7");
         },
         "the lock on /Mail/.postfix-elb-agent/owners/i-0123456789abcdef0 was taken away: "
         "i-0123456789abcdef0 on host "
         "ip-10-0-0-7 (boot b007, since 2026-11-22T09:00:05.000Z) has the same NFS client name, "
         "ip-10-0-0-7",
         "sudo systemctl enable postfix-elb-agent-nfs-identity.service"},
        {"a_twin_is_near", Check::ownership, Status::warn, Reason::identity_shared,
         [](World& w) {
             w.mount().ownership.shared_with = test::owner("i-0fedcba9876543210", "localhost");
         },
         "i-0fedcba9876543210 on host localhost (boot b007, since 2026-11-22T09:00:05.000Z) has "
         "the "
         "same NFS client name, localhost: locks do not hold between the two",
         "sudo systemctl enable postfix-elb-agent-nfs-identity.service"},

        {"a_twin_takes_the_lock_repeatedly", Check::ownership, Status::fail,
         Reason::identity_shared,
         [](World& w) {
             w.mount().ownership.shared_with = test::owner("i-0fedcba9876543210", "localhost");
             lose_lock(w, {50s, 9s, 2s});
         },
         "the lock on /Mail/.postfix-elb-agent/owners/i-0123456789abcdef0 is taken away "
         "repeatedly: i-0fedcba9876543210 on host localhost (boot b007, since "
         "2026-11-22T09:00:05.000Z) has the same NFS client name, localhost",
         "sudo systemctl enable postfix-elb-agent-nfs-identity.service"},
        {"the_lock_is_lost_repeatedly", Check::ownership, Status::fail, Reason::lost,
         [](World& w) {
             lose_lock(w, {60s, 9s, 2s});
         },
         "the lock on /Mail/.postfix-elb-agent/owners/i-0123456789abcdef0 is lost repeatedly and "
         "claimed again each time, as if another host had the same NFS client name, ip-10-0-0-7, "
         "and each took the other's locks away",
         "sudo systemctl enable postfix-elb-agent-nfs-identity.service"},

        // relink
        {"relink_pending", Check::relink, Status::fail, Reason::pending,
         [](World& w) {
             w.relink().state = core::RelinkProgress::State::pending;
             w.relink().text = "waiting for /Mail to be mounted";
         },
         "/var/spool/postfix to /Mail/i-0123456789abcdef0: waiting for /Mail to be mounted",
         "Wait; "},
        {"relink_pending_with_a_remedy_of_its_own", Check::relink, Status::fail, Reason::pending,
         [](World& w) {
             w.relink().state = core::RelinkProgress::State::pending;
             w.relink().text = "still to do: x";
             w.relink().remedy = {"Start the agent.", {"sudo start"}};
         },
         "/var/spool/postfix to /Mail/i-0123456789abcdef0: still to do: x",
         "Start the agent.\nsudo start"},
        {"relink_refused", Check::relink, Status::fail, Reason::refused,
         [](World& w) {
             w.relink().state = core::RelinkProgress::State::refused;
             w.relink().text = "master 812 works in /Mail/i-0fedcba9876543210";
             w.relink().remedy = {"Stop it.", {"sudo kill 812"}};
         },
         "/var/spool/postfix to /Mail/i-0123456789abcdef0: master 812 works in "
         "/Mail/i-0fedcba9876543210",
         "Stop it.\nsudo kill 812"},
        {"relink_failed", Check::relink, Status::fail, Reason::failed,
         [](World& w) {
             w.relink().state = core::RelinkProgress::State::failed;
             w.relink().text = "mkdir /Mail/x: No space left on device";
         },
         "/var/spool/postfix to /Mail/i-0123456789abcdef0: mkdir /Mail/x: No space left on device",
         "journalctl -b -u postfix-elb-agent"},
    };
    return all;
}

Finding finding_of(const World& world, Check check) {
    return core::run_checks(world.facts, world.settings,
                            world.now)[static_cast<std::size_t>(check)];
}

/// Advice is a sentence; a command has no placeholder left, and sh(1) can parse it.
void expect_is_filled(const core::Remedy& remedy) {
    EXPECT_THAT(remedy.advice, testing::MatchesRegex("[A-Z].*\\."));
    EXPECT_EQ(text_of(remedy).find("{mount}"), std::string::npos);
    for (const std::string& command : remedy.commands) {
        EXPECT_THAT(command, testing::Not(testing::ContainsRegex("\\{[a-z_]+\\}|\n|[.;,:]$")));
    }
}

class EachReason : public testing::TestWithParam<Story> {};

TEST_P(EachReason, NamesThePathsTheValuesAndWhatToDo) {
    const Story& story = GetParam();
    World world;
    story.spoil(world);
    const Finding finding = finding_of(world, story.check);
    EXPECT_EQ(to_string(finding.status), to_string(story.status));
    EXPECT_EQ(to_string(finding.reason), to_string(story.reason));
    EXPECT_EQ(finding.output, story.output);
    EXPECT_THAT(text_of(finding.remedy), HasSubstr(story.remedy));
    expect_is_filled(finding.remedy);
}

INSTANTIATE_TEST_SUITE_P(Checks, EachReason, testing::ValuesIn(stories()),
                         [](const auto& story) { return story.param.name; });

TEST(Checks, EveryReasonOfTheTableIsReachable) {
    std::set<std::pair<Check, Reason>> reached;
    for (const Story& story : stories()) {
        reached.emplace(story.check, story.reason);
    }
    for (const core::ReasonInfo& row : core::all_reasons()) {
        EXPECT_TRUE(reached.contains({row.check, row.reason}))
            << to_string(row.check) << " " << to_string(row.reason);
    }
}

TEST(Checks, AllPassOnAHealthyHostWithTheirValues) {
    const World world;
    const core::Findings findings = core::run_checks(world.facts, world.settings, world.now);
    const std::vector<std::string> seen{
        "fs-0123.efs.eu-central-1.amazonaws.com:/ nfs4 rw", test::own_queue, "771",
        "master started at 2026-11-22T09:59:00.000Z",       "held",          "nothing to do"};
    ASSERT_EQ(seen.size(), core::check_count);
    for (std::size_t i = 0; i < core::check_count; ++i) {
        EXPECT_EQ(static_cast<std::size_t>(findings[i].check), i);
        EXPECT_EQ(findings[i].status, Status::pass) << findings[i].output;
        EXPECT_EQ(findings[i].reason, Reason::none);
        EXPECT_EQ(findings[i].output, "");
        EXPECT_EQ(findings[i].remedy, core::Remedy());
        EXPECT_EQ(findings[i].observed, seen[i]);
    }
}

TEST(Checks, WithoutAnyFactNothingPasses) {
    for (const Finding& finding : core::run_checks({}, {}, test::moment())) {
        EXPECT_NE(finding.status, Status::pass) << to_string(finding.check);
        EXPECT_NE(finding.output, "") << to_string(finding.check);
    }
    EXPECT_EQ(core::check_mount({}, {}, test::moment()).output, "/Mail was not looked at yet");
}

TEST(Checks, AnUnknownIdIsExplainedByTheRelinkAlone) {
    World world;
    world.facts.instance_id = "";
    world.facts.identity_error = "GET http://169.254.169.254/latest/meta-data/instance-id: 503";
    for (const Check check : {Check::queue_link, Check::master_pid, Check::ownership}) {
        const Finding finding = finding_of(world, check);
        EXPECT_EQ(finding.status, Status::fail);
        EXPECT_EQ(finding.output, "not known until the instance id is");
        EXPECT_EQ(text_of(finding.remedy), "Fix relink first.");
        EXPECT_EQ(finding.certainty, Certainty::doubtful);
    }
    const Finding cause = finding_of(world, Check::relink);
    EXPECT_THAT(cause.output,
                HasSubstr("the instance id is not known yet: GET http://169.254.169.254/"));
    EXPECT_THAT(text_of(cause.remedy), HasSubstr("/sys/devices/virtual/dmi/id/board_asset_tag"));
    EXPECT_THAT(text_of(cause.remedy), HasSubstr("http://169.254.169.254/latest/api/token"));
}

TEST(Checks, NoRemedyStartsPostfixWhileAFoundationFails) {
    const std::vector<std::pair<std::function<void(World&)>, std::string>> foundations{
        {unmounted, "Fix mount first."},
        {[](World& w) { w.mount().ownership.state = OwnerState::held_elsewhere; },
         "Fix ownership first."},
        {[](World& w) { w.relink().state = core::RelinkProgress::State::failed; },
         "Fix relink first."},
        {[](World& w) { w.host().link.target = test::other_queue; }, "Fix queue_link first."}};
    for (const auto& [spoil, remedy] : foundations) {
        World world;
        late_failure(world, Kind::already_running, "already running");
        spoil(world);
        EXPECT_EQ(finding_of(world, Check::master_pid).remedy.advice, remedy);
        EXPECT_EQ(finding_of(world, Check::startup_log).remedy.advice, remedy);
    }
}

TEST(Checks, NoRemedyRestartsPostfixWhileTheCauseOfAFailedStartRemains) {
    World world;
    late_failure(world, Kind::already_running, "already running");
    EXPECT_EQ(finding_of(world, Check::master_pid).remedy.advice, "Fix startup_log first.");
    world.log().last_failure.reset();
    EXPECT_THAT(text_of(finding_of(world, Check::master_pid).remedy),
                HasSubstr("sudo systemctl restart postfix"));
}

TEST(Checks, AFailedStartKeepsTheRemedyOfAWorkingMaster) {
    World world;
    late_failure(world, Kind::already_running, "already running");
    world.host().masters = {test::master(771, test::own_queue)};
    world.mount().pid_file.pid = 500;
    world.mount().pid_file.inode = 5;
    EXPECT_THAT(text_of(finding_of(world, Check::master_pid).remedy), HasSubstr("sudo kill 771"));
}

TEST(Checks, NoRemedyRestartsPostfixWhileSystemdStartsIt) {
    World world;
    world.stop_postfix();
    core::SystemdFacts systemd;
    systemd.reachable = true;
    systemd.units = {{"postfix@-.service", "loaded", "activating", "start-pre", "", true}};
    world.facts.systemd.value = systemd;
    const Finding finding = finding_of(world, Check::master_pid);
    EXPECT_EQ(finding.excuse, core::Excuse::restarting);
    EXPECT_EQ(text_of(finding.remedy),
              "Wait: systemd is starting Postfix.\nsystemctl --no-pager status postfix@-.service\n"
              "sudo journalctl -b -u postfix@-.service -n 50");
}

TEST(Checks, NoRemedyPointsToItsOwnCheck) {
    for (const Story& story : stories()) {
        World world;
        story.spoil(world);
        EXPECT_THAT(text_of(finding_of(world, story.check).remedy),
                    testing::Not(HasSubstr("postfix-elb-agent check")))
            << story.name;
    }
}

TEST(Checks, OnlyTheMountFailsWhileItHangs) {
    World world;
    world.facts.mount.at = test::moment(-60s);
    world.facts.mount_hung_since = test::moment(-55s);
    for (const Finding& finding : core::run_checks(world.facts, world.settings, world.now)) {
        EXPECT_EQ(finding.status, finding.check == Check::mount ? Status::fail : Status::pass)
            << finding.output;
    }
    EXPECT_EQ(finding_of(world, Check::queue_link).at.boot, test::moment(-60s).boot)
        << "the age of the older fact";
}

TEST(Checks, AWrongLinkIsReportedWhileTheMountHangs) {
    World world;
    world.facts.mount_hung_since = test::moment(-55s);
    world.host().link.target = test::other_queue;
    EXPECT_EQ(finding_of(world, Check::queue_link).reason, Reason::wrong_target);
}

TEST(Checks, WorkersThatDisagreeAboutTheMountAreNoProof) {
    World world;
    world.mount() = {};
    const Finding finding = finding_of(world, Check::mount);
    EXPECT_EQ(finding.reason, Reason::missing);
    EXPECT_EQ(finding.certainty, Certainty::doubtful);
}

TEST(Checks, FactsBehindASilentMountAreDoubtfulAndPointToIt) {
    World world;
    world.stop_postfix();
    world.mount() = {};
    world.mount().answer = core::MountFacts::Answer::io_error;
    for (const auto& [check, reason] : {std::pair(Check::queue_link, Reason::dangling),
                                        std::pair(Check::master_pid, Reason::unreadable),
                                        std::pair(Check::ownership, Reason::lost)}) {
        const Finding finding = finding_of(world, check);
        EXPECT_EQ(finding.status, Status::fail);
        EXPECT_EQ(finding.reason, reason);
        EXPECT_EQ(finding.certainty, Certainty::doubtful);
        EXPECT_EQ(text_of(finding.remedy), "Fix mount first.");
    }
}

TEST(Checks, OldFactsAreNoHangWhileTheRelinkWorks) {
    World world;
    world.relink().state = core::RelinkProgress::State::pending;
    world.relink().more = true;
    world.pass_time(60s);
    world.facts.relink.at = world.now;
    EXPECT_EQ(finding_of(world, Check::mount).status, Status::pass);
    world.pass_time(18s);
    EXPECT_EQ(finding_of(world, Check::mount).reason, Reason::hung)
        << "no slice was answered for long";
}

TEST(Checks, AMissingMountIsProvenByTheKernelsTable) {
    World world;
    unmounted(world);
    EXPECT_EQ(finding_of(world, Check::mount).certainty, Certainty::definitive);
}

TEST(Checks, AnIdThatIsNotClaimedYetIsAWarning) {
    World world;
    world.mount().ownership.state = OwnerState::unclaimed;
    EXPECT_EQ(finding_of(world, Check::ownership).status, Status::warn);
}

TEST(Checks, AnotherAgentOfThisBootMayHoldTheId) {
    World world;
    world.mount().ownership.state = OwnerState::held_here;
    const Finding finding = finding_of(world, Check::ownership);
    EXPECT_EQ(finding.status, Status::pass);
    EXPECT_EQ(finding.observed, "held by another agent process of this boot");
}

TEST(ProvenMaster, NeedsTheProgramTheQueueAndTheLock) {
    using Spoil = std::function<void(core::ProcessFacts&)>;
    for (const Spoil& spoil :
         {Spoil([](auto& p) { p.is_master = false; }), Spoil([](auto& p) { p.holds_lock = false; }),
          Spoil([](auto& p) { p.cwd = test::other_queue; }),
          Spoil([](auto& p) { p.lock_inode = 5; })}) {
        World world;
        ASSERT_NE(core::proven_master(world.facts, world.settings), nullptr);
        spoil(*world.host().named);
        spoil(world.host().masters.front());
        EXPECT_EQ(core::proven_master(world.facts, world.settings), nullptr);
    }
}

TEST(ProvenMaster, BehindAReplacedMountNeedsTheLockOnTheSameInode) {
    World world;
    world.host().named->cwd = world.host().masters.front().cwd = "/" + std::string(test::own_id);
    EXPECT_NE(core::proven_master(world.facts, world.settings), nullptr);
    world.mount().pid_file.inode = 5;
    EXPECT_EQ(core::proven_master(world.facts, world.settings), nullptr);
    world.mount().pid_file = {};
    EXPECT_EQ(core::proven_master(world.facts, world.settings), nullptr)
        << "nothing to compare with";
}

TEST(ProvenMaster, IsStillProvenAfterSystemdUnlinkedThePidFile) {
    World world;
    world.host().named.reset();
    world.mount().pid_file = {};
    world.host().masters.front().lock_path = std::string(test::own_queue) + "/pid/.nfs0001";
    const core::ProcessFacts* master = core::proven_master(world.facts, world.settings);
    ASSERT_NE(master, nullptr);
    EXPECT_EQ(master->pid, 771);
}

TEST(MasterPid, AFileThatWasReadBeforeTheMasterWroteItIsNoFault) {
    World world;
    const auto started = std::chrono::milliseconds(world.host().masters.front().start_ticks * 10);
    for (const auto kind : {core::PidFileFacts::Kind::absent, core::PidFileFacts::Kind::garbage}) {
        world.mount().pid_file.kind = kind;
        world.facts.mount.at.boot = started + 999ms;
        const Finding young = finding_of(world, Check::master_pid);
        EXPECT_EQ(young.status, Status::pass);
        EXPECT_EQ(young.observed, "771");
        world.facts.mount.at.boot = started + 1s;
        EXPECT_EQ(finding_of(world, Check::master_pid).status, Status::warn);
    }
    world.facts.mount.at.boot = started;
    world.stop_postfix();
    EXPECT_EQ(finding_of(world, Check::master_pid).status, Status::fail)
        << "no master exists that may yet write it";
}

TEST(MasterPid, ALockLostAtTheFileServerIsReported) {
    World world;
    world.facts.lock.at = world.facts.mount.at = test::moment();
    world.facts.lock.value = core::LockFacts{core::LockFacts::State::held, 771, 0, ""};
    EXPECT_EQ(finding_of(world, Check::master_pid).status, Status::pass);
    world.facts.lock.value->state = core::LockFacts::State::free;
    const Finding lost = finding_of(world, Check::master_pid);
    EXPECT_EQ(lost.status, Status::warn)
        << "the id is this host's, so no other host starts a master there";
    EXPECT_EQ(lost.reason, Reason::not_locked);
    EXPECT_THAT(lost.output, HasSubstr("that the file server no longer has"));
    EXPECT_THAT(text_of(lost.remedy), HasSubstr("sudo systemctl stop postfix"));

    world.facts.lock.at.boot =
        std::chrono::milliseconds(world.host().masters.front().start_ticks * 10);
    EXPECT_EQ(finding_of(world, Check::master_pid).status, Status::pass)
        << "asked before this master came up";
    world.facts.lock.at = test::moment();
    world.host().mount->fstype = "tmpfs";
    EXPECT_EQ(finding_of(world, Check::master_pid).status, Status::pass)
        << "fcntl sees no flock of a local file";
}

TEST(StartupLog, AnOperatorsSecondStartIsNoFault) {
    World world;
    world.log().last_failure =
        core::StartFailure{Kind::already_running, test::moment(-10s).wall,
                           "fatal: the Postfix mail system is already running"};
    const Finding finding = finding_of(world, Check::startup_log);
    EXPECT_EQ(finding.status, Status::pass);
    EXPECT_EQ(finding.observed,
              "a start was refused at 2026-11-22T09:59:50.000Z, master 771 is not affected");
}

TEST(StartupLog, ASecondStartStaysHarmlessAfterTheMasterIsGone) {
    for (const Kind kind : {Kind::already_running, Kind::lock_refused}) {
        World world;
        late_failure(world, kind, "refused");
        world.log().last_failure->beside_master = true;
        const Finding finding = finding_of(world, Check::startup_log);
        EXPECT_EQ(finding.status, Status::pass);
        EXPECT_EQ(finding.observed,
                  "a start was refused at 2026-11-22T09:59:50.000Z while master was running");
        EXPECT_EQ(finding_of(world, Check::master_pid).status, Status::fail);
    }
}

TEST(StartupLog, ALaterStartCuresAFailureAlsoWithoutAMaster) {
    World world;
    late_failure(world, Kind::already_running, "already running");
    world.log().last_started = test::moment(-9s).wall;
    EXPECT_EQ(finding_of(world, Check::startup_log).status, Status::pass);
}

TEST(StartupLog, PassesBesideAMasterWhileTheLogIsRead) {
    World world;
    world.log().source = core::StartupLogFacts::Source::catching_up;
    EXPECT_EQ(finding_of(world, Check::startup_log).status, Status::pass);
}

TEST(StartupLog, AFailureCountsAlsoAfterTheLogIsLost) {
    World world;
    late_failure(world, Kind::start_failed, "fatal: mail system startup failed");
    world.log().source = core::StartupLogFacts::Source::lost;
    EXPECT_EQ(finding_of(world, Check::startup_log).reason, Reason::start_failed);
}

TEST(StartupLog, ALongLineIsQuotedInPart) {
    World world;
    late_failure(world, Kind::start_failed, std::string(5000, 'x') + "\n");
    const Finding finding = finding_of(world, Check::startup_log);
    EXPECT_LT(finding.output.size(), 800U);
    EXPECT_THAT(finding.output, HasSubstr("likely cause:"));
}

TEST(Ownership, LossesInAnOutageProveNoTwin) {
    for (const std::vector<std::chrono::seconds>& ages :
         std::vector<std::vector<std::chrono::seconds>>{{5s, 2s}, {61s, 9s, 2s}}) {
        World world;
        lose_lock(world, ages);
        EXPECT_EQ(core::check_ownership(world.facts, world.settings, world.now).status,
                  Status::pass);
    }
}

TEST(Gate, LetsPostfixStartOnItsOwnQueue) {
    World world;
    world.stop_postfix();
    world.mount().pid_file = {};
    EXPECT_TRUE(core::may_start(world.facts, world.settings, world.now).has_value());
}

TEST(Gate, IgnoresACrashedAgentTheLogAndTheRelink) {
    World world;
    world.stop_postfix();
    world.mount().ownership.state = OwnerState::unclaimed;
    world.facts.startup_log = {};
    world.facts.relink = {};
    EXPECT_TRUE(core::may_start(world.facts, world.settings, world.now).has_value());
    world.mount().ownership.shared_with = test::owner("i-0fedcba9876543210", "localhost");
    EXPECT_TRUE(core::may_start(world.facts, world.settings, world.now).has_value());
}

TEST(Gate, RefusesAForeignQueueWithARemedy) {
    const std::vector<std::pair<std::function<void(World&)>, std::string>> refusals{
        {unmounted, "mount missing: nothing is mounted at /Mail; Mount the shared file system"},
        {[](World& w) { w.facts.mount_hung_since = w.now; }, "mount hung: /Mail"},
        {[](World& w) { w.host().link.target = test::other_queue; },
         "queue_link wrong_target: /var/spool/postfix points to /Mail/i-0fedcba9876543210"},
        {[](World& w) { w.mount().queue_dir.kind = core::QueueDirFacts::Kind::absent; },
         "queue_link dangling: "},
        {[](World& w) {
             w.host().link = {core::LinkFacts::Kind::directory, "", ""};
         },
         "Do not remove /var/spool/postfix, because mail may be in it"},
        {[](World& w) { w.mount().ownership.state = OwnerState::held_elsewhere; },
         "ownership held_elsewhere: "},
        {[](World& w) {
             w.mount().ownership.state = OwnerState::lost;
             w.mount().ownership.shared_with = test::owner(test::own_id, "ip-10-0-0-7");
         },
         "ownership identity_shared: "},
        {[](World& w) { w.facts.instance_id = ""; }, "the instance id is not known yet"}};
    for (const auto& [spoil, text] : refusals) {
        World world;
        world.stop_postfix();
        spoil(world);
        const auto answer = core::may_start(world.facts, world.settings, world.now);
        ASSERT_TRUE(answer.has_error()) << text;
        EXPECT_EQ(answer.error().code, core::Errc::refused);
        EXPECT_THAT(answer.error().message, HasSubstr(text));
        EXPECT_EQ(answer.error().message.find('\n'), std::string::npos);
    }
}

}  // namespace
