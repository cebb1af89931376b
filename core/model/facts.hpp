// SPDX-License-Identifier: Apache-2.0
// What the workers observed, without opinion. Verdicts are made of facts by core/checks/checks.hpp
// and core/queue/relink_plan.hpp.
//
// Every struct here crosses the wire between the workers and the server (agent/ipc/replies.hpp);
// all of them are plain aggregates that compare by value.
#pragma once

#include "core/base/remedy.hpp"
#include "core/base/time.hpp"
#include "core/model/nfs_facts.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace core {

/// A value and when it was observed. `value` is absent until the first observation.
template <class T>
struct Observed {
    std::optional<T> value;
    TimePoint at{};
};

/// One line of /proc/self/mountinfo, proc_pid_mountinfo(5).
struct MountEntry {
    std::string mount_point;
    std::string device;  ///< st_dev of its files, "major:minor" in decimal
    std::string fstype;
    std::string source;
    std::string options;        ///< per mount, comma separated
    std::string super_options;  ///< per file system, comma separated (for nfs4: addr=, port=, ...)
    bool read_only = false;     ///< either list says "ro"
    bool operator==(const MountEntry&) const = default;
};

/// A place at which a file system is mounted on the first access.
[[nodiscard]] inline bool is_automount_point(const MountEntry& entry) noexcept {
    return entry.fstype == "autofs";
}

/// The object at settings.queue.link. Local; never follows the link.
struct LinkFacts {
    enum class Kind { absent, symlink, directory, other, unreadable };
    Kind kind = Kind::absent;
    std::string target;  ///< the link's text, when symlink
    std::string error;   ///< one line, when unreadable
    bool operator==(const LinkFacts&) const = default;
};

/// A process that is, or is claimed to be, Postfix's master. From /proc only; nothing here can
/// block on a mount.
struct ProcessFacts {
    std::int32_t pid = 0;
    std::string exe;                ///< /proc/<pid>/exe, " (deleted)" removed
    std::string cwd;                ///< /proc/<pid>/cwd as the kernel prints it
    std::uint64_t start_ticks = 0;  ///< field 22 of /proc/<pid>/stat: distinguishes a reused pid
    bool is_master = false;         ///< exe is Postfix's master(8)
    bool holds_lock = false;        ///< a WRITE flock in fdinfo of a descriptor on pid/master.pid
    std::uint64_t lock_inode = 0;   ///< inode of that lock; 0 if none
    std::string lock_path;          ///< what that descriptor names; "" if none
    std::string unit;               ///< the systemd unit in whose control group it is; "" if none
    bool operator==(const ProcessFacts&) const = default;
};

/// A process that holds a lock on the pid file, from proc_locks(5), which lacks other hosts' locks.
struct LockHolder {
    std::int32_t pid =
        0;            ///< 0: an open file description lock; the kernel does not name the holder
    std::string exe;  ///< /proc/<pid>/exe; "" if it could not be read
    bool operator==(const LockHolder&) const = default;
};

/// How far cloud-init is with the user data of this boot, whose scripts run in its last stage.
enum class UserData {
    not_expected,  ///< there is no cloud-init here, or it is disabled
    running,       ///< user data is yet to end
    done,          ///< the last stage has ended, with or without errors
};

/// What the host worker observes in one round.
struct HostFacts {
    std::optional<MountEntry> mount;  ///< the uppermost entry at settings.mount.path
    std::optional<std::int64_t>
        lease_expired;            ///< seconds, from mountstats; absent if not reported
    std::optional<NfsFacts> nfs;  ///< of that mount, from there too; absent where it is not NFS
    LinkFacts link;
    UserData user_data = UserData::not_expected;
    std::optional<ProcessFacts> named;     ///< the process that the pid file names, if it lives
    std::vector<ProcessFacts> masters;     ///< every master(8) of this host's pid namespace
    std::vector<LockHolder> lock_holders;  ///< of this host, on the pid file that was named
    bool operator==(const HostFacts&) const = default;
};

/// <mount>/<id> as the mount worker sees it.
struct QueueDirFacts {
    enum class Kind { absent, directory, not_a_directory, off_mount, error };
    Kind kind = Kind::absent;
    std::string error;  ///< one line, when error
    bool operator==(const QueueDirFacts&) const = default;
};

/// <mount>/<id>/pid/master.pid. master(8) writes the pid right-aligned in 32 columns and a newline
/// (src/master/master.c) and never removes the file.
struct PidFileFacts {
    enum class Kind { absent, present, not_a_file, unreadable, garbage };
    Kind kind = Kind::absent;
    std::int32_t pid = 0;  ///< when present
    std::uint64_t inode = 0;
    std::uint64_t links = 0;  ///< st_nlink; master refuses more than one (src/util/safe_open.c)
    std::string text;         ///< the first bytes, printable, when garbage
    std::string error;        ///< one line, when unreadable
    bool operator==(const PidFileFacts&) const = default;
};

/// The lock on the pid file, queried and not acquired: fcntl(2) with F_GETLK, which NFS answers for
/// all hosts. On a local file system it misses the locks of flock(2), so `free` proves nothing.
struct LockFacts {
    enum class State { absent, free, held, error };  ///< absent: there is no pid file
    State state = State::absent;
    std::int32_t pid = 0;  ///< when held by a process of this host that fcntl(2) names; else 0
    int error_number = 0;  ///< errno, when error
    std::string error;     ///< one line, when error
    bool operator==(const LockFacts&) const = default;
};

/// The owner in <mount>/.postfix-elb-agent/owners/<id>.
struct OwnerRecord {
    std::string instance_id;
    std::string boot_id;     ///< /proc/sys/kernel/random/boot_id of the owner's boot
    std::string hostname;    ///< its host name when it claimed
    std::string nfs_client;  ///< the name of its NFS client: identifier and host name, or only
                             ///< the host name
    std::string since;       ///< RFC 3339, when this boot of it first claimed
    bool operator==(const OwnerRecord&) const = default;
};

/// The lock on this host's own id.
struct OwnershipFacts {
    enum class State {
        unclaimed,       ///< no process holds the lock
        held,            ///< this process holds it, as an uncached read has just proved
        held_here,       ///< another agent process of this same boot holds it
        held_elsewhere,  ///< another boot or host holds it
        lost,   ///< this process held it; the descriptor answers EIO, or another wrote its name
                ///< there
        error,  ///< unknown
    };
    State state = State::unclaimed;
    OwnerRecord holder;                      ///< what the file says, if it could be read
    std::optional<OwnerRecord> shared_with;  ///< another live owner with the same NFS client name
    /// When it was lost without another owner and claimed again, in milliseconds of the boot clock:
    /// the latest ones, oldest first.
    static constexpr std::size_t losses_kept = 3;
    std::vector<std::int64_t> losses;
    std::string error;  ///< one line, when error or lost
    bool operator==(const OwnershipFacts&) const = default;
};

/// What the mount worker observes in one round, when the mount answers.
struct MountFacts {
    enum class Answer { answered, io_error, denied, not_mounted };
    Answer answer = Answer::not_mounted;
    std::string error;         ///< one line, unless answered
    std::int64_t took_us = 0;  ///< how long the probe took, microseconds
    QueueDirFacts queue_dir;
    PidFileFacts pid_file;
    OwnershipFacts ownership;
    bool operator==(const MountFacts&) const = default;
};

/// A start of Postfix that failed, from its log.
struct StartFailure {
    enum class Kind { already_running, lock_refused, start_failed };
    Kind kind = Kind::start_failed;
    WallTime at{};
    std::string line;  ///< the whole line, bounded, printable
    bool beside_master =
        false;  ///< an operator's second start beside a running master: always harmless
    bool operator==(const StartFailure&) const = default;
};

/// The starts of Postfix in this boot, from the mail log.
struct StartupLogFacts {
    enum class Source { catching_up, reading, missing, unreadable, lost };
    Source source = Source::catching_up;
    std::string path;                          ///< what is read, or was looked for
    std::string error;                         ///< one line, when unreadable or lost
    std::optional<StartFailure> last_failure;  ///< the latest; a harmless one only without others
    std::optional<WallTime> last_started;      ///< the latest "daemon started" of this boot
    bool operator==(const StartupLogFacts&) const = default;
};

/// The state of one unit, org.freedesktop.systemd1(5); texts as systemd gives them.
struct UnitFacts {
    std::string name;          ///< "postfix.service", "postfix@-.service"
    std::string load_state;    ///< "loaded", "not-found", ...
    std::string active_state;  ///< "active", "activating", "deactivating", "reloading", "inactive",
                               ///< "failed"
    std::string sub_state;     ///< "running", "exited", "start-pre", "auto-restart", "dead", ...
    std::string job;           ///< the type of its queued job: "start", "restart", ...; "" if none
    bool has_processes = true;  ///< a unit that groups others (Type=oneshot, /bin/true) has none
    bool operator==(const UnitFacts&) const = default;
};

/// What the systemd worker observes.
struct SystemdFacts {
    bool reachable = false;  ///< the system bus answers; else the units are the last known
    std::string error;       ///< one line, when not reachable; "" before the first answer
    std::vector<UnitFacts> units;
    bool settled = true;  ///< false: systemd is being asked and has not answered yet
    bool operator==(const SystemdFacts&) const = default;
};

/// The answer of the file server, over the network and not through the mount.
struct FileServerFacts {
    enum class Answer {
        not_asked,
        no_address,   ///< the mount's options name no server
        answers,      ///< it answered an NFS NULL call
        silent,       ///< no answer in time, or the connection broke
        refused,      ///< the connection was refused
        unreachable,  ///< this host has no route to it
    };
    Answer answer = Answer::not_asked;
    std::string address;    ///< "10.0.1.23:2049"
    bool loopback = false;  ///< a tunnel of this host (amazon-efs-utils with TLS)
    std::string error;      ///< one line, unless it answers
    bool operator==(const FileServerFacts&) const = default;
};

/// The progress of the relink.
struct RelinkProgress {
    enum class State { pending, done, refused, failed };
    State state = State::pending;
    std::string text;  ///< one line: the present step or wait, or the fault
    Remedy remedy;     ///< empty when done, or when the table of reasons has a better one
    std::vector<std::string> log;  ///< what the latest slice did, a line each
    bool changed = false;          ///< something was written since the relink began
    bool more = false;             ///< the plan is not finished: ask again
    bool operator==(const RelinkProgress&) const = default;
};

/// All facts, for the verdicts.
struct Facts {
    std::string instance_id;     ///< "" while unknown
    std::string identity_error;  ///< why it is unknown, one line
    Observed<HostFacts> host;
    Observed<MountFacts> mount;                 ///< the latest answer
    std::optional<TimePoint> mount_hung_since;  ///< set while the mount worker's reply is overdue
    bool mount_worked = false;  ///< the queue was this instance's own at some time of this boot
    Observed<LockFacts> lock;   ///< queried only while lock_matters()
    Observed<StartupLogFacts> startup_log;
    Observed<SystemdFacts> systemd;
    Observed<FileServerFacts> file_server;  ///< asked only while the mount does not answer
    Observed<RelinkProgress> relink;
};

}  // namespace core
