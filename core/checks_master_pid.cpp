// SPDX-License-Identifier: Apache-2.0
// The pid file is only a claim; /proc is the ground truth. Where a master is proven to work in this queue, whatever is
// wrong with the file is a warning: mail flows, and only the next start of Postfix may suffer.
#include "core/judge.hpp"
#include "core/timestamp.hpp"

#include <algorithm>
#include <optional>

namespace core {

namespace {

std::string describe(const ProcessFacts& master) {
    return "master " + std::to_string(master.pid) + " works in " + master.cwd;
}

/// Whether the inode of the pid file is one that a lock can be compared with.
bool names_an_inode(const PidFileFacts& file) {
    return (file.kind == PidFileFacts::Kind::present || file.kind == PidFileFacts::Kind::garbage) && file.inode != 0;
}

/// Whether the process's lock is on the pid file that stands in the queue now. What cannot be compared, because the
/// file is gone (systemd unlinks a PIDFile=) or was not read, is believed.
bool holds_lock_on(const PidFileFacts* file, const ProcessFacts& process) {
    return process.holds_lock && (file == nullptr || !names_an_inode(*file) || process.lock_inode == file->inode);
}

const PidFileFacts* known_pid_file(const Facts& facts) {
    const bool read = facts.mount.value && facts.mount.value->answer == MountFacts::Answer::answered;
    return read ? &facts.mount.value->pid_file : nullptr;
}

/// The process that the pid file names, if it lives.
const ProcessFacts* named_process(const HostFacts& host, std::int32_t pid) {
    if (host.named && host.named->pid == pid) {
        return &*host.named;
    }
    const auto found =
        std::find_if(host.masters.begin(), host.masters.end(), [pid](const auto& master) { return master.pid == pid; });
    return found == host.masters.end() ? nullptr : &*found;
}

/// One look at the pid file, the process it names and the masters there are.
struct Case {
    const Judge& judge;
    const Paths& paths;
    const PidFileFacts& file;
    const HostFacts& host;
    const ProcessFacts* proven;   ///< a proven master of this queue
    const ProcessFacts* foreign;  ///< a master that works in a queue that is not this instance's
    Moment at;

    /// A fault of the file: with a proven master a warning that says so, else a failure.
    [[nodiscard]] Finding fault(Reason reason, const std::string& what) const {
        const std::string seen = file.kind == PidFileFacts::Kind::present ? std::to_string(file.pid) : file.text;
        if (proven != nullptr) {
            return judge.warn(reason, at, std::to_string(proven->pid),
                              what + "; " + describe(*proven) + " and holds the lock");
        }
        if (foreign != nullptr) {
            return judge.fail(Reason::wrong_queue, at, std::to_string(foreign->pid),
                              describe(*foreign) + ", not in " + paths.queue + "; " + what);
        }
        return judge.fail(reason, at, seen, what + "; " + other_masters());
    }

    /// A fault of the master that the file names.
    [[nodiscard]] Finding master_fault(Reason reason, const std::string& what) const {
        return proven != nullptr ? fault(reason, what) : judge.fail(reason, at, std::to_string(file.pid), what);
    }

    [[nodiscard]] std::string other_masters() const {
        if (host.masters.empty()) {
            return "no master runs on this host";
        }
        const std::size_t more = host.masters.size() - 1;
        return describe(host.masters.front()) +
               (more > 0 ? " (and " + std::to_string(more) + " more run on this host)" : std::string());
    }
};

/// What is wrong with the file before any process is looked at.
std::optional<Finding> judge_file(const Case& c) {
    const std::string& path = c.paths.pid_file;
    switch (c.file.kind) {
        case PidFileFacts::Kind::present: return std::nullopt;
        case PidFileFacts::Kind::absent: return c.fault(Reason::missing, path + " does not exist");
        case PidFileFacts::Kind::not_a_file: return c.fault(Reason::unreadable, path + " is not a regular file");
        case PidFileFacts::Kind::unreadable:
            return c.fault(Reason::unreadable, path + " could not be read: " + c.file.error);
        case PidFileFacts::Kind::garbage: break;
    }
    return c.fault(Reason::unreadable,
                   path + (c.file.text.empty() ? " is empty" : " holds no pid but \"" + c.file.text + "\""));
}

Finding judge_process(const Case& c) {
    const std::string pid = std::to_string(c.file.pid);
    const std::string claim = c.paths.pid_file + " names pid " + pid;
    const ProcessFacts* process = named_process(c.host, c.file.pid);
    if (process == nullptr) {
        return c.fault(Reason::stale, claim + ", and no such process lives");
    }
    if (!process->is_master) {
        return c.fault(Reason::not_master, claim + ", which is " +
                                               (process->exe.empty() ? "another program" : process->exe) +
                                               " and not Postfix's master");
    }
    if (process->cwd != c.paths.queue) {
        return c.master_fault(Reason::wrong_queue,
                              claim + ", a master that works in " + process->cwd + ", not in " + c.paths.queue);
    }
    if (!holds_lock_on(&c.file, *process)) {
        return c.master_fault(Reason::not_locked,
                              "master " + pid + " works in " + c.paths.queue +
                                  (process->holds_lock ? " and holds a lock, but not on the file that is now "
                                                       : " and holds no lock on ") +
                                  c.paths.pid_file);
    }
    if (c.file.links > 1) {
        return c.fault(Reason::unreadable, c.paths.pid_file + " has " + std::to_string(c.file.links) +
                                               " hard links, so that Postfix will not start again");
    }
    if (c.foreign != nullptr) {
        return c.judge.warn(Reason::wrong_queue, c.at, pid,
                            "beside master " + pid + " of " + c.paths.queue + ", " + describe(*c.foreign));
    }
    return c.judge.pass(c.at, pid);
}

const ProcessFacts* foreign_master(const HostFacts& host, const Paths& paths) {
    const auto found = std::find_if(host.masters.begin(), host.masters.end(),
                                    [&](const auto& master) { return works_in_foreign_queue(master, paths); });
    return found == host.masters.end() ? nullptr : &*found;
}

/// The pid file was not read in the latest round, for a reason that is the mount's.
Finding without_file(const Judge& judge, const Facts& facts, const Settings& settings, const Paths& paths, Moment at) {
    const std::string what = paths.pid_file + " could not be read: " + why_not_answered(*facts.mount.value, settings);
    if (const ProcessFacts* proven = proven_master(facts, settings)) {
        return judge.behind_mount(Status::warn, Reason::unreadable, at, std::to_string(proven->pid),
                                  what + "; " + describe(*proven) + " and holds a lock");
    }
    return judge.behind_mount(Status::fail, Reason::unreadable, at, "", what);
}

}  // namespace

const ProcessFacts* proven_master(const Facts& facts, const Settings& settings) {
    if (facts.instance_id.empty() || !facts.host.value) {
        return nullptr;
    }
    const std::string queue = paths_for(settings, facts.instance_id).queue;
    const PidFileFacts* file = known_pid_file(facts);
    const auto proven = [&](const ProcessFacts& process) {
        return process.is_master && process.cwd == queue && holds_lock_on(file, process);
    };
    const HostFacts& host = *facts.host.value;
    if (host.named && proven(*host.named)) {
        return &*host.named;
    }
    const auto found = std::find_if(host.masters.begin(), host.masters.end(), proven);
    return found == host.masters.end() ? nullptr : &*found;
}

Finding check_master_pid(const Facts& facts, const Settings& settings, Moment now) {
    const Judge judge(Check::master_pid, settings, facts.instance_id);
    if (!facts.host.value) {
        return judge.unknown(Reason::missing, facts.host.at, "the masters of this host were not looked at yet");
    }
    if (facts.instance_id.empty()) {
        return judge.unknown(Reason::missing, facts.host.at,
                             "which pid file to look at cannot be told: " + unknown_id(facts));
    }
    const Paths paths = paths_for(settings, facts.instance_id);
    if (is_stale(facts, facts.host.at, settings, now)) {
        return judge.unknown(Reason::unreadable, facts.host.at,
                             "the masters of this host were last looked at " +
                                 describe_age(now.boot - facts.host.at.boot) +
                                 " ago: the agent's host worker does not answer");
    }
    if (!facts.mount.value) {
        return judge.unknown(Reason::missing, facts.host.at, paths.pid_file + " was not looked at yet");
    }
    const Moment at = older(facts.host.at, facts.mount.at);
    const PidFileFacts* file = known_pid_file(facts);
    if (file == nullptr) {
        return without_file(judge, facts, settings, paths, at);
    }
    const HostFacts& host = *facts.host.value;
    const Case c{judge, paths, *file, host, proven_master(facts, settings), foreign_master(host, paths), at};
    const std::optional<Finding> bad_file = judge_file(c);
    return bad_file ? *bad_file : judge_process(c);
}

}  // namespace core
