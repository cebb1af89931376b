// SPDX-License-Identifier: Apache-2.0
// The pid file is only a claim; /proc is the ground truth. Where a master is proven to work in this
// queue, a fault of the file is a warning: mail flows, and only the next start of Postfix may
// suffer.
#include "core/base/timestamp.hpp"
#include "core/checks/finding_builder.hpp"
#include "core/checks/postfix_unit.hpp"
#include "core/model/mount_problem.hpp"

#include <algorithm>
#include <optional>

namespace core {

namespace {

std::string name_of(const ProcessFacts& master) {
    return "master " + std::to_string(master.pid);
}

std::string describe(const ProcessFacts& master) {
    return name_of(master) + " works in " + master.cwd;
}

/// Also ends a master that `postfix stop` does not find, because the pid file names another.
Remedy restart_of(const ProcessFacts& master, const std::string& advice) {
    return {advice + ": restart Postfix in a maintenance window.",
            {std::string(command::stop_postfix), command::kill_master(master),
             std::string(command::start_postfix)}};
}

/// Whether a lock can be compared with the inode of the pid file.
bool names_an_inode(const PidFileFacts& file) {
    return (file.kind == PidFileFacts::Kind::present || file.kind == PidFileFacts::Kind::garbage) &&
           file.inode != 0;
}

/// Whether the lock of the process is on the pid file that is in the queue now. A lock that cannot
/// be compared counts: the file is gone (systemd removes a PIDFile=), or was not read.
bool holds_lock_on(const PidFileFacts* file, const ProcessFacts& process) {
    return process.holds_lock &&
           (file == nullptr || !names_an_inode(*file) || process.lock_inode == file->inode);
}

/// After `umount -l` /proc shows the working directory as the path below that mount. A lock on the
/// inode that is in the queue now proves that it is the same directory.
bool works_behind_a_replaced_mount(const PidFileFacts* file, const ProcessFacts& process,
                                   const std::string& id) {
    return process.cwd == "/" + id && process.holds_lock && file != nullptr &&
           names_an_inode(*file) && process.lock_inode == file->inode;
}

const PidFileFacts* known_pid_file(const Facts& facts) {
    const bool read =
        facts.mount.value && facts.mount.value->answer == MountFacts::Answer::answered;
    return read ? &facts.mount.value->pid_file : nullptr;
}

/// The live process that the pid file names.
const ProcessFacts* named_process(const HostFacts& host, std::int32_t pid) {
    if (host.named && host.named->pid == pid) {
        return &*host.named;
    }
    const auto found = std::find_if(host.masters.begin(), host.masters.end(),
                                    [pid](const auto& master) { return master.pid == pid; });
    return found == host.masters.end() ? nullptr : &*found;
}

/// Whether the file was read before that master has written and locked it.
bool was_read_before(const ProcessFacts& master, TimePoint file_read) {
    constexpr std::chrono::seconds until_written{1};
    return file_read.boot < started_at(master) + until_written;
}

/// The pid file, and the masters of this host.
struct Case {
    const FindingBuilder& make;
    const Paths& paths;
    const PidFileFacts& file;
    const HostFacts& host;
    const ProcessFacts* proven;   ///< a proven master of this queue
    const ProcessFacts* foreign;  ///< a master that works in a queue that is not this instance's
    const ProcessFacts* here;     ///< a master that works in this queue, proven or not
    TimePoint at;
    TimePoint file_read;
    bool lost_at_server;  ///< the proven master's lock

    /// A fault of the file: beside a proven master a warning, else a failure. A file that was read
    /// before that master wrote it is no fault: the next round reads it again.
    [[nodiscard]] Finding fault(Reason reason, const std::string& what) const {
        if (proven != nullptr && was_read_before(*proven, file_read)) {
            return make.pass(at, std::to_string(proven->pid));
        }
        const std::string seen =
            file.kind == PidFileFacts::Kind::present ? std::to_string(file.pid) : file.text;
        if (proven != nullptr) {
            return with_remedy(make.warn(reason, at, std::to_string(proven->pid),
                                         what + "; " + name_of(*proven) + " works in " +
                                             paths.queue + " and holds the lock"),
                               remedy_beside(reason));
        }
        if (foreign != nullptr) {
            return make.fail(Reason::wrong_queue, at, std::to_string(foreign->pid),
                             describe(*foreign) + ", not in " + paths.queue + "; " + what);
        }
        if (here != nullptr) {
            return with_remedy(
                make.fail(reason, at, seen,
                          what + "; " + describe(*here) +
                              (here->holds_lock ? " and does not hold the lock on this file"
                                                : " and holds no lock")),
                restart_of(*here, "A second master could start beside " + name_of(*here)));
        }
        return make.fail(reason, at, seen, what + "; " + other_masters());
    }

    [[nodiscard]] Remedy remedy_beside(Reason reason) const {
        if (reason == Reason::missing) {
            Remedy remedy = restart_of(
                *proven,
                "Mail flows, and the next start writes the file; where systemd removes it, put an "
                "empty PIDFile= into a drop-in of Postfix's unit");
            remedy.commands.insert(remedy.commands.begin(),
                                   "systemctl show -p PIDFile,DropInPaths postfix postfix@-");
            return remedy;
        }
        if (reason == Reason::unreadable) {
            const std::string path = shell_quoted(paths.pid_file);
            Remedy remedy = restart_of(
                *proven,
                "Mail flows, but Postfix would not start again, because the pid file must be a "
                "regular file with one link; the fourth command moves it away");
            remedy.commands.insert(remedy.commands.begin(), "sudo ls -li " + path);
            remedy.commands.insert(
                remedy.commands.end() - 1,
                "pgrep -x master || sudo mv -nT " + path + " " + path + ".$(date +%s)");
            return remedy;
        }
        return restart_of(*proven, "Mail flows, but the file names another process");
    }

    /// A fault of the master that the file names.
    [[nodiscard]] Finding master_fault(Reason reason, const std::string& what) const {
        return proven != nullptr ? fault(reason, what)
                                 : make.fail(reason, at, std::to_string(file.pid), what);
    }

    [[nodiscard]] std::string other_masters() const {
        if (host.masters.empty()) {
            return "no master runs on this host";
        }
        const std::size_t more = host.masters.size() - 1;
        return describe(host.masters.front()) +
               (more > 0 ? " (and " + std::to_string(more) + " more run on this host)"
                         : std::string());
    }
};

/// The fault of the file itself, if it has one.
std::optional<Finding> check_file(const Case& c) {
    const std::string& path = c.paths.pid_file;
    switch (c.file.kind) {
        case PidFileFacts::Kind::present: return std::nullopt;
        case PidFileFacts::Kind::absent: return c.fault(Reason::missing, path + " does not exist");
        case PidFileFacts::Kind::not_a_file:
            return c.fault(Reason::unreadable, path + " is not a regular file");
        case PidFileFacts::Kind::unreadable:
            return c.fault(Reason::unreadable, path + " could not be read: " + c.file.error);
        case PidFileFacts::Kind::garbage: break;
    }
    return c.fault(
        Reason::unreadable,
        path + (c.file.text.empty() ? " is empty" : " holds no pid but \"" + c.file.text + "\""));
}

/// While another host holds the id, the pid in the file may be that host's: it does not count.
Finding check_without_file(const Case& c) {
    if (c.foreign != nullptr) {
        return c.make.fail(Reason::wrong_queue, c.at, std::to_string(c.foreign->pid),
                           describe(*c.foreign) + ", not in " + c.paths.queue);
    }
    const std::string why = c.paths.pid_file + " does not count while another host holds the id";
    if (c.here != nullptr) {
        return c.make.fail(Reason::not_locked, c.at, std::to_string(c.here->pid),
                           describe(*c.here) + "; " + why);
    }
    return c.make.fail(Reason::stale, c.at, "",
                       "no master of this host works in " + c.paths.queue + "; " + why);
}

Finding check_process(const Case& c) {
    const std::string pid = std::to_string(c.file.pid);
    const std::string claim = c.paths.pid_file + " names pid " + pid;
    const ProcessFacts* process = named_process(c.host, c.file.pid);
    if (process == nullptr) {
        return c.fault(Reason::stale, claim + ", and no such process exists");
    }
    if (!process->is_master) {
        return c.fault(Reason::not_master,
                       claim + ", which is " +
                           (process->exe.empty() ? "another program" : process->exe) +
                           " and not Postfix's master");
    }
    const bool is_proven = c.proven != nullptr && c.proven->pid == process->pid;
    if (!is_proven && process->cwd != c.paths.queue) {
        return c.master_fault(Reason::wrong_queue, claim + ", a master that works in " +
                                                       process->cwd + ", not in " + c.paths.queue);
    }
    if (!holds_lock_on(&c.file, *process)) {
        const Finding unlocked = c.master_fault(
            Reason::not_locked,
            "master " + pid + " works in " + c.paths.queue +
                (process->holds_lock ? " and holds a lock, but not on the file that is now "
                                     : " and holds no lock on ") +
                c.paths.pid_file);
        return c.proven != nullptr
                   ? unlocked
                   : with_remedy(unlocked,
                                 restart_of(*process,
                                            "The file was replaced or the lock was lost, so a "
                                            "second master could start"));
    }
    if (c.file.links > 1) {
        return c.fault(Reason::unreadable, c.paths.pid_file + " has " +
                                               std::to_string(c.file.links) +
                                               " hard links, so that Postfix will not start again");
    }
    if (c.lost_at_server) {
        return with_remedy(c.make.warn(Reason::not_locked, c.at, pid,
                                       name_of(*process) + " holds a lock on " + c.paths.pid_file +
                                           " that the file server no longer has: it was "
                                           "unreachable for too long"),
                           restart_of(*process,
                                      "Mail flows, but the file server no longer holds Postfix's "
                                      "locks"));
    }
    if (process->cwd != c.paths.queue) {
        return with_remedy(
            c.make.warn(
                Reason::wrong_queue, c.at, pid,
                name_of(*process) + " works in this queue through a mount that was replaced"),
            Remedy{"Mail flows: restart Postfix in a maintenance window.",
                   {std::string(command::restart_postfix)}});
    }
    if (c.foreign != nullptr) {
        return with_remedy(
            c.make.warn(
                Reason::wrong_queue, c.at, pid,
                "beside master " + pid + " of " + c.paths.queue + ", " + describe(*c.foreign)),
            Remedy{"Stop " + name_of(*c.foreign) + " and find out what started it; master " + pid +
                       " is the right one.",
                   {"ps -o pid,ppid,lstart,cmd -p " + std::to_string(c.foreign->pid),
                    command::kill_master(*c.foreign)}});
    }
    return c.make.pass(c.at, pid);
}

const ProcessFacts* foreign_master(const HostFacts& host, const Paths& paths) {
    const auto found =
        std::find_if(host.masters.begin(), host.masters.end(),
                     [&](const auto& master) { return works_in_foreign_queue(master, paths); });
    return found == host.masters.end() ? nullptr : &*found;
}

/// The pid file was not read, because the mount did not answer.
Finding without_file(const FindingBuilder& make, const Facts& facts, const Settings& settings,
                     const Paths& paths, TimePoint at) {
    const std::string what =
        paths.pid_file + " could not be read: " + why_not_answered(facts, settings);
    if (const ProcessFacts* proven = proven_master(facts, settings)) {
        return make.behind_mount(Status::warn, Reason::unreadable, at, std::to_string(proven->pid),
                                 what + "; " + describe(*proven) + " and holds a lock");
    }
    return make.behind_mount(Status::fail, Reason::unreadable, at, "", what);
}

/// Whether the server reports no lock after the proven master had locked the pid file. /proc/locks
/// and fdinfo go on listing a lock that was lost with a lease.
bool is_lost_at_server(const Facts& facts, const Settings& settings) {
    const ProcessFacts* proven = proven_master(facts, settings);
    return proven != nullptr && server_keeps_locks(facts) && facts.lock.value &&
           facts.lock.value->state == LockFacts::State::free &&
           !was_read_before(*proven, facts.lock.at);
}

/// No master is proven: excused while systemd starts one, definitive when the unit is down.
Finding with_unit(Finding finding, const PostfixUnit& unit) {
    using State = PostfixUnit::State;
    switch (unit.state) {
        case State::unknown: return finding;
        case State::up: break;
        case State::changing:
            finding.excuse = Excuse::restarting;
            finding = with_remedy(
                finding, {"Wait: systemd is starting Postfix.",
                          {"systemctl --no-pager status " + shell_quoted(unit.name),
                           "sudo journalctl -b -u " + shell_quoted(unit.name) + " -n 50"}});
            break;
        case State::down: finding.certainty = Certainty::definitive; break;
    }
    finding.output += "; " + unit.text;
    return finding;
}

}  // namespace

bool server_keeps_locks(const Facts& facts) {
    return facts.host.value && facts.host.value->mount && is_nfs4(facts.host.value->mount->fstype);
}

BootTime started_at(const ProcessFacts& process) {
    constexpr std::chrono::milliseconds tick{10};
    return process.start_ticks * tick;
}

const ProcessFacts* proven_master(const Facts& facts, const Settings& settings) {
    if (facts.instance_id.empty() || !facts.host.value) {
        return nullptr;
    }
    const std::string& id = facts.instance_id;
    const std::string queue = paths_for(settings, id).queue;
    const PidFileFacts* file = known_pid_file(facts);
    const auto proven = [&](const ProcessFacts& process) {
        return process.is_master && ((process.cwd == queue && holds_lock_on(file, process)) ||
                                     works_behind_a_replaced_mount(file, process, id));
    };
    const HostFacts& host = *facts.host.value;
    if (host.named && proven(*host.named)) {
        return &*host.named;
    }
    const auto found = std::find_if(host.masters.begin(), host.masters.end(), proven);
    return found == host.masters.end() ? nullptr : &*found;
}

Finding check_master_pid(const Facts& facts, const Settings& settings, TimePoint now) {
    const FindingBuilder make(Check::master_pid, settings, facts.instance_id);
    if (!facts.host.value) {
        return make.unknown(Reason::missing, facts.host.at,
                            "the masters of this host were not looked at yet");
    }
    if (facts.instance_id.empty()) {
        return with_remedy(make.unknown(Reason::missing, facts.host.at, not_without_id),
                           fix_first(Check::relink));
    }
    const Paths paths = paths_for(settings, facts.instance_id);
    if (is_stale(facts, facts.host.at, settings, now)) {
        return make.unknown(Reason::unreadable, facts.host.at,
                            "the masters of this host were last looked at " +
                                describe_age(now.boot - facts.host.at.boot) +
                                " ago: the agent's host worker does not answer");
    }
    if (!facts.mount.value) {
        return make.unknown(Reason::missing, facts.host.at,
                            paths.pid_file + " was not looked at yet");
    }
    const TimePoint at = older(facts.host.at, facts.mount.at);
    const PidFileFacts* file = known_pid_file(facts);
    if (file == nullptr) {
        return without_file(make, facts, settings, paths, at);
    }
    const HostFacts& host = *facts.host.value;
    const auto here = std::find_if(host.masters.begin(), host.masters.end(),
                                   [&](const auto& master) { return master.cwd == paths.queue; });
    const Case c{make,
                 paths,
                 *file,
                 host,
                 proven_master(facts, settings),
                 foreign_master(host, paths),
                 here == host.masters.end() ? nullptr : &*here,
                 at,
                 facts.mount.at,
                 is_lost_at_server(facts, settings)};
    const bool held_elsewhere =
        facts.mount.value->ownership.state == OwnershipFacts::State::held_elsewhere;
    if (held_elsewhere && c.proven == nullptr) {
        return check_without_file(c);
    }
    const std::optional<Finding> bad_file = check_file(c);
    const Finding finding = bad_file ? *bad_file : check_process(c);
    const bool unproven =
        finding.status == Status::fail && c.proven == nullptr && c.foreign == nullptr;
    const PostfixUnit unit = postfix_unit(facts);
    // A master that is starting has no lock yet, or its pid file was not read yet.
    const bool counts = c.here == nullptr || unit.state == PostfixUnit::State::changing;
    return unproven && counts ? with_unit(finding, unit) : finding;
}

}  // namespace core
