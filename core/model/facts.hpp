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

/// Only the place at which something is mounted when somebody looks into it.
[[nodiscard]] inline bool is_automount_point(const MountEntry& entry) noexcept {
    return entry.fstype == "autofs";
}

/// What stands at the place of the queue link (settings: queue.link). Local; never follows the
/// link.
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

/// A process that holds a lock on the pid file, as proc_locks(5) says. Locks of other hosts do not
/// appear there.
struct LockHolder {
    std::int32_t pid =
        0;  ///< 0: an open file description lock, of which the kernel does not say whose it is
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
    std::optional<MountEntry>
        mount;  ///< the uppermost entry whose mount point is settings.mount.path
    std::optional<std::int64_t>
        lease_expired;  ///< seconds, from /proc/self/mountstats; absent where the kernel says none
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
    std::uint64_t links =
        0;  ///< st_nlink; master refuses a file with more than one (src/util/safe_open.c)
    std::string text;   ///< the first bytes, printable, when garbage
    std::string error;  ///< one line, when unreadable
    bool operator==(const PidFileFacts&) const = default;
};

/// What asking for the lock of the pid file without taking it says: fcntl(2) with F_GETLK, which
/// NFS answers for the locks of all hosts. On a local file system it does not see the locks of
/// flock(2), so that `free` proves nothing there.
struct LockFacts {
    enum class State { absent, free, held, error };  ///< absent: there is no pid file
    State state = State::absent;
    std::int32_t pid = 0;  ///< when held by a process of this host that fcntl(2) names; else 0
    int error_number = 0;  ///< errno, when error
    std::string error;     ///< one line, when error
    bool operator==(const LockFacts&) const = default;
};

/// Who stands in <mount>/.postfix-elb-agent/owners/<id>.
struct OwnerRecord {
    std::string instance_id;
    std::string boot_id;     ///< /proc/sys/kernel/random/boot_id of the owner's boot
    std::string hostname;    ///< its host name when it claimed
    std::string nfs_client;  ///< what its NFS client calls itself: its identifier and host name, or
                             ///< the host name
    std::string since;       ///< RFC 3339, when this boot of it first claimed
    bool operator==(const OwnerRecord&) const = default;
};

/// The lock on this host's own id.
struct OwnershipFacts {
    enum class State {
        unclaimed,       ///< nobody holds the lock
        held,            ///< this process holds it, and an uncached read just proved that it stands
        held_here,       ///< another agent process of this same boot holds it
        held_elsewhere,  ///< another boot or host holds it
        lost,   ///< this process held it; the descriptor answers EIO, or another wrote its name
                ///< there
        error,  ///< could not be told
    };
    State state = State::unclaimed;
    OwnerRecord holder;  ///< what the file says, if it could be read
    std::optional<OwnerRecord>
        shared_with;  ///< another live owner that calls itself by the same NFS client name
    /// When it was lost to nobody and claimed again, in milliseconds of the boot clock: the latest,
    /// oldest first.
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

/// A start of Postfix that failed, as its log says.
struct StartFailure {
    enum class Kind { already_running, lock_refused, start_failed };
    Kind kind = Kind::start_failed;
    WallTime at{};
    std::string line;  ///< the whole line, bounded, printable
    bool beside_master =
        false;  ///< an operator's second start: harmless, whatever became of that master later
    bool operator==(const StartFailure&) const = default;
};

/// What the mail log says of starts of Postfix in this boot.
struct StartupLogFacts {
    enum class Source { catching_up, reading, missing, unreadable, lost };
    Source source = Source::catching_up;
    std::string path;   ///< what is read, or was looked for
    std::string error;  ///< one line, when unreadable or lost
    std::optional<StartFailure>
        last_failure;  ///< the latest of this boot; a harmless one only when no other stands
    std::optional<WallTime> last_started;  ///< the latest "daemon started" of this boot
    bool operator==(const StartupLogFacts&) const = default;
};

/// What systemd says of one unit, org.freedesktop.systemd1(5). Texts as systemd gives them.
struct UnitFacts {
    std::string name;          ///< "postfix.service", "postfix@-.service"
    std::string load_state;    ///< "loaded", "not-found", ...
    std::string active_state;  ///< "active", "activating", "deactivating", "reloading", "inactive",
                               ///< "failed"
    std::string sub_state;     ///< "running", "exited", "start-pre", "auto-restart", "dead", ...
    std::string
        job;  ///< the type of the job that is queued for it: "start", "restart", ...; "" if none
    bool has_processes =
        true;  ///< a unit that only groups others (Type=oneshot, /bin/true) runs none
    bool operator==(const UnitFacts&) const = default;
};

/// What the systemd worker observes.
struct SystemdFacts {
    bool reachable = false;  ///< the system bus answers; else the units are what was known last
    std::string error;       ///< one line, when not reachable; "" while nothing was heard yet
    std::vector<UnitFacts> units;
    bool settled = true;  ///< false: systemd is being asked and has not answered yet
    bool operator==(const SystemdFacts&) const = default;
};

/// What the file server itself says, asked over the network and not through the mount.
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

/// How the relink stands.
struct RelinkProgress {
    enum class State { pending, done, refused, failed };
    State state = State::pending;
    std::string text;  ///< one line: what is being done or waited for, or why not
    Remedy remedy;     ///< empty when done, or when the table of reasons has the better one
    std::vector<std::string> log;  ///< what the latest slice did, a line each
    bool changed = false;          ///< something was written since the relink began
    bool more = false;             ///< the plan is not finished: ask again
    bool operator==(const RelinkProgress&) const = default;
};

/// Everything known, for the verdicts.
struct Facts {
    std::string instance_id;     ///< "" while unknown
    std::string identity_error;  ///< why it is unknown, one line
    Observed<HostFacts> host;
    Observed<MountFacts> mount;  ///< the last that was answered
    std::optional<TimePoint>
        mount_hung_since;       ///< set while a request to the mount worker is overdue
    bool mount_worked = false;  ///< the queue was this instance's own at some time of this boot
    Observed<LockFacts> lock;   ///< asked only while a start stands refused
    Observed<StartupLogFacts> startup_log;
    Observed<SystemdFacts> systemd;
    Observed<FileServerFacts> file_server;  ///< asked only while the mount does not answer
    Observed<RelinkProgress> relink;
};

}  // namespace core
