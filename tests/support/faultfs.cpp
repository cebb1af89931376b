// SPDX-License-Identifier: Apache-2.0
// A pass-through FUSE file system over a directory, with faults that are switched at run time. It
// replaces NFS in tests and benchmarks: every operation that a caller waits for is one round
// trip, is counted, and may be delayed, frozen or refused. `faultfs --help` says how it is started
// and what its control socket understands.
//
// As on EFS: no device nodes, no flags of renameat2, no extended attributes, no copy inside the
// server, and a frozen operation ends when its caller is killed.
//
// Locks of fcntl(2) are kept here, as an NFSv4 server keeps them: one table for all clients
// (pretended hosts that bind the mount). A lock of flock(2) conflicts like any other; F_GETLK
// reports both. It names a process only for a lock of fcntl(2); the kernel shows its number to
// processes that can see that process. flock(2) itself is the kernel's, one for all pretended
// hosts, because /proc would not show a flock of FUSE (NFS shows its locks in proc_locks(5) and
// fdinfo): --flock=here takes them into the table
// instead, where they can be delayed, frozen and refused. Known limits: writes are written through,
// where NFS gathers them; one control command at a time per connection; flock=kernel does not see
// that a lock of fcntl(2) is in its way.

#define FUSE_USE_VERSION 312

#include <dirent.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

// ---- Faults

// clang-format off
enum class Kind {
    lookup, getattr, setattr, readlink, mknod, mkdir, unlink, rmdir, symlink, rename, link,
    open, create, read, write, flush, fsync, opendir, readdir, fsyncdir, statfs, getlk, setlk,
    flock,
};
constexpr std::array kind_names{
    "lookup", "getattr", "setattr", "readlink", "mknod", "mkdir", "unlink", "rmdir",
    "symlink", "rename", "link", "open", "create", "read", "write", "flush", "fsync",
    "opendir", "readdir", "fsyncdir", "statfs", "getlk", "setlk", "flock",
};
// clang-format on
using Kinds = unsigned;  // one bit per Kind
constexpr Kinds all_kinds = (1U << kind_names.size()) - 1;

constexpr std::pair<const char*, int> errno_names[] = {
    {"EIO", EIO},     {"ENOSPC", ENOSPC},       {"EDQUOT", EDQUOT},
    {"EROFS", EROFS}, {"ESTALE", ESTALE},       {"EACCES", EACCES},
    {"EPERM", EPERM}, {"ETIMEDOUT", ETIMEDOUT}, {"ENOLCK", ENOLCK},
};

struct Refusal {
    Kinds kinds = all_kinds;
    int error = 0;
    long after = 0;   // operations of these kinds that still pass
    long times = -1;  // operations that are then refused; -1: for ever
};

/// The switches and the counts. Every operation passes through enter().
class Faults {
   public:
    /// Counts the operation and makes it suffer what is switched on. Returns 0, or the errno to
    /// answer.
    int enter(Kind kind, fuse_req_t request) {
        const Kinds bit = 1U << static_cast<unsigned>(kind);
        std::unique_lock lock(mutex_);
        ++counts_[static_cast<std::size_t>(kind)];
        const auto delay = delay_;
        if (delay.count() > 0) {
            lock.unlock();
            std::this_thread::sleep_for(delay);
            lock.lock();
        }
        if (const int error = wait_while_frozen(bit, request, lock)) {
            return error;
        }
        for (Refusal& refusal : refusals_) {
            if (!(refusal.kinds & bit) || refusal.times == 0) {
                continue;
            }
            if (refusal.after > 0) {
                --refusal.after;
                continue;
            }
            if (refusal.times > 0) {
                --refusal.times;
            }
            return refusal.error;
        }
        return 0;
    }

    void set_delay(std::chrono::microseconds delay) {
        const std::lock_guard lock(mutex_);
        delay_ = delay;
    }
    void freeze(Kinds kinds) {
        const std::lock_guard lock(mutex_);
        frozen_ = kinds;
        thawed_.notify_all();
    }
    void refuse(const Refusal& refusal) {
        const std::lock_guard lock(mutex_);
        refusals_.push_back(refusal);
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        delay_ = {};
        frozen_ = 0;
        refusals_.clear();
        thawed_.notify_all();
    }
    void reset_counts() {
        const std::lock_guard lock(mutex_);
        counts_.fill(0);
    }
    std::string counts_as_json() {
        const std::lock_guard lock(mutex_);
        std::ostringstream out;
        long total = 0;
        out << "{";
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            out << '"' << kind_names[i] << "\": " << counts_[i] << ", ";
            total += counts_[i];
        }
        out << "\"total\": " << total << ", \"waiting\": " << waiting_ << "}";
        return out.str();
    }

   private:
    /// Polls for the caller's death: the kernel reports that there is a signal, not whether it is
    /// SIGKILL.
    int wait_while_frozen(Kinds bit, fuse_req_t request, std::unique_lock<std::mutex>& lock) {
        ++waiting_;
        bool killed = false;
        while ((frozen_ & bit) && !killed) {
            thawed_.wait_for(lock, std::chrono::milliseconds(50));
            killed = (frozen_ & bit) && fuse_req_interrupted(request) &&
                     kill_is_pending(fuse_req_ctx(request)->pid);
        }
        --waiting_;
        return killed ? EINTR : 0;
    }

    static bool kill_is_pending(pid_t thread) {
        const std::string path = "/proc/" + std::to_string(thread) + "/status";
        const std::unique_ptr<FILE, int (*)(FILE*)> file(fopen(path.c_str(), "re"), fclose);
        char line[256];
        while (file && fgets(line, sizeof line, file.get())) {
            if (strncmp(line, "SigPnd:", 7) == 0 || strncmp(line, "ShdPnd:", 7) == 0) {
                if (strtoull(line + 7, nullptr, 16) & (1ULL << (SIGKILL - 1))) {
                    return true;
                }
            }
        }
        return !file;  // already gone
    }

    std::mutex mutex_;
    std::condition_variable thawed_;
    std::chrono::microseconds delay_{0};
    Kinds frozen_ = 0;
    std::vector<Refusal> refusals_;
    std::array<long, kind_names.size()> counts_{};
    long waiting_ = 0;
};

// ---- Inodes

struct Node {
    int fd;  // O_PATH: pins the inode, so that its number is not used again while the kernel knows
             // it
    std::uint64_t lookups;
    std::pair<dev_t, ino_t> key;
};

struct Timeouts {
    double attributes = 3;  // as acregmin of NFS
    double entries = 3;
};

Faults faults;
Timeouts timeouts;
Node root{};
std::mutex nodes_mutex;
std::map<std::pair<dev_t, ino_t>, std::unique_ptr<Node>> nodes;

int fd_of(fuse_ino_t inode) {
    return inode == FUSE_ROOT_ID ? root.fd : reinterpret_cast<Node*>(inode)->fd;
}

/// Of anything but the root.
std::pair<dev_t, ino_t> file_of(fuse_ino_t inode) {
    return reinterpret_cast<Node*>(inode)->key;
}

/// A path that follows the O_PATH descriptor itself, never a symbolic link behind it.
std::string path_of(fuse_ino_t inode) {
    return "/proc/self/fd/" + std::to_string(fd_of(inode));
}

/// Answers with an error when the operation is to fail; says whether it may go on.
bool may(Kind kind, fuse_req_t request) {
    const int error = faults.enter(kind, request);
    if (error) {
        fuse_reply_err(request, error);
    }
    return error == 0;
}

void answer(fuse_req_t request, int result) {
    fuse_reply_err(request, result < 0 ? errno : 0);
}

/// Looks a name up and counts the kernel's new reference. Returns 0 or an errno.
int find(fuse_ino_t parent, const char* name, fuse_entry_param& entry) {
    entry = {};
    entry.attr_timeout = timeouts.attributes;
    entry.entry_timeout = timeouts.entries;
    const int fd = openat(fd_of(parent), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    if (fstatat(fd, "", &entry.attr, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
        const int error = errno;
        close(fd);
        return error;
    }
    const std::pair key(entry.attr.st_dev, entry.attr.st_ino);
    const std::lock_guard lock(nodes_mutex);
    auto& node = nodes[key];
    if (node) {
        close(fd);
        ++node->lookups;
    } else {
        node = std::make_unique<Node>(Node{fd, 1, key});
    }
    entry.ino = reinterpret_cast<fuse_ino_t>(node.get());
    return 0;
}

void drop(fuse_ino_t inode, std::uint64_t lookups) {
    if (inode == FUSE_ROOT_ID) {
        return;
    }
    const std::lock_guard lock(nodes_mutex);
    Node* node = reinterpret_cast<Node*>(inode);
    node->lookups -= lookups;
    if (node->lookups == 0) {
        close(node->fd);
        nodes.erase(std::pair(node->key));
    }
}

void answer_entry(fuse_req_t request, fuse_ino_t parent, const char* name) {
    fuse_entry_param entry;
    if (const int error = find(parent, name, entry)) {
        fuse_reply_err(request, error);
    } else {
        fuse_reply_entry(request, &entry);
    }
}

/// What was just made belongs to the caller, or to the directory's group below a setgid directory.
int give_to_caller(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
    const fuse_ctx* caller = fuse_req_ctx(request);
    struct stat directory {};
    struct stat made {};
    if (fstatat(fd_of(parent), "", &directory, AT_EMPTY_PATH) < 0 ||
        fstatat(fd_of(parent), name, &made, AT_SYMLINK_NOFOLLOW) < 0) {
        return -1;
    }
    const gid_t group = (directory.st_mode & S_ISGID) ? made.st_gid : caller->gid;
    if (made.st_uid == caller->uid && made.st_gid == group) {
        return 0;
    }
    if (fchownat(fd_of(parent), name, caller->uid, group, AT_SYMLINK_NOFOLLOW) < 0) {
        return -1;
    }
    return S_ISREG(mode) ? fchmodat(fd_of(parent), name, mode & 07777, 0) : 0;
}

void answer_made(fuse_req_t request, int result, fuse_ino_t parent, const char* name, mode_t mode) {
    if (result < 0 || give_to_caller(request, parent, name, mode) < 0) {
        fuse_reply_err(request, errno);
    } else {
        answer_entry(request, parent, name);
    }
}

// ---- Locks

using File = std::pair<dev_t, ino_t>;

struct Lock {
    std::uint64_t
        owner;  // as the kernel names it: the process, or with flock and OFD locks the open file
    std::uint64_t handle;  // the open file through which it was taken
    bool exclusive;
    off_t first;
    off_t last;  // the last byte, or the largest number there is
    pid_t pid;   // 0: unknown, as to a server
};

constexpr off_t end_of_file = std::numeric_limits<off_t>::max();

/// The locks of flock(2) that the kernel holds for this mount, from proc_locks(5):
/// "2: FLOCK  ADVISORY  WRITE 771 00:28:131448 0 EOF", the device in hexadecimal.
class KernelLocks {
   public:
    void mounted_at(const std::string& mount_point) {
        struct stat status {};
        if (stat(mount_point.c_str(), &status) == 0) {
            device_ = status.st_dev;
        }
    }
    /// Whether one of them is in the way of a lock of this kind.
    bool in_the_way(ino_t inode, bool exclusive) const {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "%02x:%02x:%lu", major(device_), minor(device_), inode);
        std::ifstream locks("/proc/locks");
        for (std::string line; std::getline(locks, line);) {
            std::istringstream words(line);
            std::string number, kind, advisory, type, pid, place;
            words >> number >> kind >> advisory >> type >> pid >> place;
            if (kind == "FLOCK" && place == wanted && (exclusive || type == "WRITE")) {
                return true;
            }
        }
        return false;
    }

   private:
    std::atomic<dev_t> device_{0};
};

KernelLocks kernel_locks;
bool flock_is_here = false;

/// A lock that is waited for. Answered when it is had, or with EINTR when its caller gets a signal.
struct Waiting {
    fuse_req_t request;
    File file;
    Lock wanted;
};

class LockTable {
   public:
    /// A lock in the way of this one, if any.
    std::optional<Lock> in_the_way(const File& file, const Lock& wanted) {
        const std::lock_guard guard(mutex_);
        return find(file, wanted);
    }

    /// Takes it, says EAGAIN, or waits; answers the request in any case.
    void take(fuse_req_t request, const File& file, const Lock& wanted, bool wait) {
        if (wait) {
            fuse_req_interrupt_func(request, &LockTable::interrupted,
                                    this);  // takes a lock that interrupted() runs in
        }
        const std::lock_guard guard(mutex_);
        if (!find(file, wanted)) {
            cut_out(file, wanted);
            held_[file].push_back(wanted);
            fuse_reply_err(request, 0);
            try_waiting();  // a write lock may have become a read lock
        } else if (!wait) {
            fuse_reply_err(request, EAGAIN);
        } else if (fuse_req_interrupted(request)) {
            fuse_reply_err(request, EINTR);
        } else {
            waiting_.push_back({request, file, wanted});
        }
    }

    void release(const File& file, const Lock& range) {
        const std::lock_guard guard(mutex_);
        cut_out(file, range);
        try_waiting();
    }

    /// The open file is gone, and so is what was locked through it.
    void forget_handle(std::uint64_t handle) {
        const std::lock_guard guard(mutex_);
        for (auto& [file, locks] : held_) {
            std::erase_if(locks, [handle](const Lock& lock) { return lock.handle == handle; });
        }
        std::erase_if(held_, [](const auto& entry) { return entry.second.empty(); });
        try_waiting();
    }

   private:
    static bool overlap(const Lock& a, const Lock& b) {
        return a.first <= b.last && b.first <= a.last;
    }

    std::optional<Lock> find(const File& file, const Lock& wanted) const {
        if (const auto found = held_.find(file); found != held_.end()) {
            for (const Lock& lock : found->second) {
                if (lock.owner != wanted.owner && overlap(lock, wanted) &&
                    (lock.exclusive || wanted.exclusive)) {
                    return lock;
                }
            }
        }
        if (!flock_is_here && kernel_locks.in_the_way(file.second, wanted.exclusive)) {
            return Lock{0, 0, true, 0, end_of_file, 0};
        }
        return std::nullopt;
    }

    /// Leaves of the owner's locks what lies outside the range.
    void cut_out(const File& file, const Lock& range) {
        std::vector<Lock> left;
        for (const Lock& lock : held_[file]) {
            if (lock.owner != range.owner || !overlap(lock, range)) {
                left.push_back(lock);
                continue;
            }
            if (lock.first < range.first) {
                left.push_back(lock);
                left.back().last = range.first - 1;
            }
            if (lock.last > range.last) {
                left.push_back(lock);
                left.back().first = range.last + 1;
            }
        }
        held_[file] = std::move(left);
    }

    void try_waiting() {
        for (auto next = waiting_.begin(); next != waiting_.end();) {
            if (find(next->file, next->wanted)) {
                ++next;
                continue;
            }
            cut_out(next->file, next->wanted);
            held_[next->file].push_back(next->wanted);
            fuse_reply_err(next->request, 0);
            next = waiting_.erase(next);
        }
    }

    static void interrupted(fuse_req_t request, void* table) {
        static_cast<LockTable*>(table)->give_up(request);
    }

    void give_up(fuse_req_t request) {
        const std::lock_guard guard(mutex_);
        const auto found =
            std::find_if(waiting_.begin(), waiting_.end(),
                         [request](const Waiting& one) { return one.request == request; });
        if (found != waiting_.end()) {
            waiting_.erase(found);
            fuse_reply_err(request, EINTR);
        }
    }

    std::mutex mutex_;
    std::map<File, std::vector<Lock>> held_;
    std::list<Waiting> waiting_;
};

LockTable lock_table;

// ---- Operations

void on_init(void*, fuse_conn_info* connection) {
    // The directory below is written by root, which keeps setuid bits: let the kernel clear them.
    connection->want &= ~static_cast<unsigned>(FUSE_CAP_HANDLE_KILLPRIV);
    connection->want |= connection->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
}

void on_lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    if (!may(Kind::lookup, request)) {
        return;
    }
    fuse_entry_param entry;
    const int error = find(parent, name, entry);
    if (error == 0 || error == ENOENT) {
        fuse_reply_entry(request, &entry);  // inode 0: that there is nothing may be remembered too
    } else {
        fuse_reply_err(request, error);
    }
}

void on_forget(fuse_req_t request, fuse_ino_t inode, std::uint64_t lookups) {
    drop(inode, lookups);
    fuse_reply_none(request);
}

void on_forget_multi(fuse_req_t request, std::size_t count, fuse_forget_data* forgets) {
    std::for_each_n(forgets, count, [](const auto& forget) { drop(forget.ino, forget.nlookup); });
    fuse_reply_none(request);
}

void answer_attributes(fuse_req_t request, fuse_ino_t inode) {
    struct stat attributes {};
    if (fstatat(fd_of(inode), "", &attributes, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
        fuse_reply_err(request, errno);
    } else {
        fuse_reply_attr(request, &attributes, timeouts.attributes);
    }
}

void on_getattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
    if (may(Kind::getattr, request)) {
        answer_attributes(request, inode);
    }
}

int set_times(const std::string& path, const struct stat& wanted, int which) {
    const auto moment = [which](int set, int now, timespec time) {
        if (which & now) {
            time.tv_nsec = UTIME_NOW;
        } else if (!(which & set)) {
            time.tv_nsec = UTIME_OMIT;
        }
        return time;
    };
    const timespec times[2] = {
        moment(FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW, wanted.st_atim),
        moment(FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW, wanted.st_mtim)};
    return utimensat(AT_FDCWD, path.c_str(), times, 0);
}

void on_setattr(fuse_req_t request, fuse_ino_t inode, struct stat* wanted, int which,
                fuse_file_info*) {
    if (!may(Kind::setattr, request)) {
        return;
    }
    const std::string path = path_of(inode);
    int result = 0;
    if (which & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) {
        const uid_t user = (which & FUSE_SET_ATTR_UID) ? wanted->st_uid : static_cast<uid_t>(-1);
        const gid_t group = (which & FUSE_SET_ATTR_GID) ? wanted->st_gid : static_cast<gid_t>(-1);
        result = fchownat(fd_of(inode), "", user, group, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
    }
    if (result == 0 && (which & FUSE_SET_ATTR_MODE)) {
        result = chmod(path.c_str(), wanted->st_mode);
    }
    if (result == 0 && (which & FUSE_SET_ATTR_SIZE)) {
        result = truncate(path.c_str(), wanted->st_size);
    }
    if (result == 0 && (which & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME))) {
        result = set_times(path, *wanted, which);
    }
    if (result < 0) {
        fuse_reply_err(request, errno);
    } else {
        answer_attributes(request, inode);
    }
}

void on_readlink(fuse_req_t request, fuse_ino_t inode) {
    if (!may(Kind::readlink, request)) {
        return;
    }
    char target[PATH_MAX + 1];
    const ssize_t length = readlinkat(fd_of(inode), "", target, sizeof target - 1);
    if (length < 0) {
        fuse_reply_err(request, errno);
        return;
    }
    target[length] = '\0';
    fuse_reply_readlink(request, target);
}

void on_mknod(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode, dev_t) {
    if (!may(Kind::mknod, request)) {
        return;
    }
    if (S_ISCHR(mode) || S_ISBLK(mode)) {
        fuse_reply_err(request, EPERM);
        return;
    }
    answer_made(request, mknodat(fd_of(parent), name, mode, 0), parent, name, mode);
}

void on_mkdir(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode) {
    if (may(Kind::mkdir, request)) {
        answer_made(request, mkdirat(fd_of(parent), name, mode), parent, name, S_IFDIR | mode);
    }
}

void on_symlink(fuse_req_t request, const char* target, fuse_ino_t parent, const char* name) {
    if (may(Kind::symlink, request)) {
        answer_made(request, symlinkat(target, fd_of(parent), name), parent, name, S_IFLNK);
    }
}

void on_link(fuse_req_t request, fuse_ino_t inode, fuse_ino_t parent, const char* name) {
    if (!may(Kind::link, request)) {
        return;
    }
    if (linkat(AT_FDCWD, path_of(inode).c_str(), fd_of(parent), name, AT_SYMLINK_FOLLOW) < 0) {
        fuse_reply_err(request, errno);
    } else {
        answer_entry(request, parent, name);
    }
}

void on_unlink(fuse_req_t request, fuse_ino_t parent, const char* name) {
    if (may(Kind::unlink, request)) {
        answer(request, unlinkat(fd_of(parent), name, 0));
    }
}

void on_rmdir(fuse_req_t request, fuse_ino_t parent, const char* name) {
    if (may(Kind::rmdir, request)) {
        answer(request, unlinkat(fd_of(parent), name, AT_REMOVEDIR));
    }
}

void on_rename(fuse_req_t request, fuse_ino_t from, const char* name, fuse_ino_t to,
               const char* new_name, unsigned flags) {
    if (!may(Kind::rename, request)) {
        return;
    }
    if (flags != 0) {
        fuse_reply_err(request, EINVAL);
        return;
    }
    answer(request, renameat(fd_of(from), name, fd_of(to), new_name));
}

/// The kernel gives the place of every write, and what lies below need not be aligned.
int flags_below(const fuse_file_info* file) {
    return (file->flags & ~(O_APPEND | O_DIRECT | O_NOFOLLOW)) | O_CLOEXEC;
}

void on_open(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
    if (!may(Kind::open, request)) {
        return;
    }
    const int fd = open(path_of(inode).c_str(), flags_below(file));
    if (fd < 0) {
        fuse_reply_err(request, errno);
        return;
    }
    file->fh = static_cast<std::uint64_t>(fd);
    fuse_reply_open(request, file);
}

void on_create(fuse_req_t request, fuse_ino_t parent, const char* name, mode_t mode,
               fuse_file_info* file) {
    if (!may(Kind::create, request)) {
        return;
    }
    struct stat before {};
    const bool is_new = fstatat(fd_of(parent), name, &before, AT_SYMLINK_NOFOLLOW) < 0;
    const int fd = openat(fd_of(parent), name, flags_below(file) | O_CREAT | O_NOFOLLOW, mode);
    fuse_entry_param entry;
    int error = fd < 0 ? errno : 0;
    if (!error && is_new && give_to_caller(request, parent, name, S_IFREG | mode) < 0) {
        error = errno;
    }
    if (!error) {
        error = find(parent, name, entry);
    }
    if (error) {
        if (fd >= 0) {
            close(fd);
        }
        fuse_reply_err(request, error);
        return;
    }
    file->fh = static_cast<std::uint64_t>(fd);
    fuse_reply_create(request, &entry, file);
}

void on_read(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* file) {
    if (!may(Kind::read, request)) {
        return;
    }
    fuse_bufvec data{};
    data.count = 1;
    data.buf[0].size = size;
    data.buf[0].flags = static_cast<fuse_buf_flags>(FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK);
    data.buf[0].fd = static_cast<int>(file->fh);
    data.buf[0].pos = offset;
    fuse_reply_data(request, &data, FUSE_BUF_SPLICE_MOVE);
}

void on_write(fuse_req_t request, fuse_ino_t, const char* data, std::size_t size, off_t offset,
              fuse_file_info* file) {
    if (!may(Kind::write, request)) {
        return;
    }
    const ssize_t written = pwrite(static_cast<int>(file->fh), data, size, offset);
    if (written < 0) {
        fuse_reply_err(request, errno);
    } else {
        fuse_reply_write(request, static_cast<std::size_t>(written));
    }
}

/// A caller of close() waits for this one: it is the round trip of a close.
void on_flush(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
    if (inode != FUSE_ROOT_ID &&
        file->lock_owner != 0) {  // close(2) drops the process's locks of fcntl(2)
        lock_table.release(file_of(inode), {file->lock_owner, 0, false, 0, end_of_file, 0});
    }
    if (may(Kind::flush, request)) {
        fuse_reply_err(request, 0);
    }
}

Lock lock_from(const struct flock& lock, const fuse_file_info* file) {
    const off_t last = lock.l_len == 0 ? end_of_file : lock.l_start + lock.l_len - 1;
    return {file->lock_owner, file->fh, lock.l_type == F_WRLCK, lock.l_start, last, lock.l_pid};
}

void on_getlk(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file, struct flock* asked) {
    if (!may(Kind::getlk, request)) {
        return;
    }
    struct flock lock = *asked;
    if (const auto standing = lock_table.in_the_way(file_of(inode), lock_from(*asked, file))) {
        lock.l_type = standing->exclusive ? F_WRLCK : F_RDLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = standing->first;
        lock.l_len = standing->last == end_of_file ? 0 : standing->last - standing->first + 1;
        lock.l_pid = standing->pid;
    } else {
        lock.l_type = F_UNLCK;
    }
    fuse_reply_lock(request, &lock);
}

void on_setlk(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file, struct flock* asked,
              int wait) {
    if (!may(Kind::setlk, request)) {
        return;
    }
    if (asked->l_type == F_UNLCK) {
        lock_table.release(file_of(inode), lock_from(*asked, file));
        fuse_reply_err(request, 0);
    } else {
        lock_table.take(request, file_of(inode), lock_from(*asked, file), wait != 0);
    }
}

void on_flock(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file, int operation) {
    if (!may(Kind::flock, request)) {
        return;
    }
    const Lock wanted{file->lock_owner, file->fh, (operation & LOCK_EX) != 0, 0, end_of_file, 0};
    if (operation & LOCK_UN) {
        lock_table.release(file_of(inode), wanted);
        fuse_reply_err(request, 0);
    } else {
        lock_table.take(request, file_of(inode), wanted, (operation & LOCK_NB) == 0);
    }
}

void on_release(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    lock_table.forget_handle(file->fh);
    close(static_cast<int>(file->fh));
    fuse_reply_err(request, 0);
}

void on_fsync(fuse_req_t request, fuse_ino_t, int data_only, fuse_file_info* file) {
    if (may(Kind::fsync, request)) {
        const int fd = static_cast<int>(file->fh);
        answer(request, data_only ? fdatasync(fd) : fsync(fd));
    }
}

void on_opendir(fuse_req_t request, fuse_ino_t inode, fuse_file_info* file) {
    if (!may(Kind::opendir, request)) {
        return;
    }
    DIR* directory = opendir(path_of(inode).c_str());
    if (!directory) {
        fuse_reply_err(request, errno);
        return;
    }
    file->fh = reinterpret_cast<std::uint64_t>(directory);
    fuse_reply_open(request, file);
}

DIR* directory_of(const fuse_file_info* file) {
    return reinterpret_cast<DIR*>(file->fh);
}

enum class Listing { names, with_attributes };

/// Adds one name. Returns its size in the answer (more than `room`: it did not fit), or 0 when it
/// has just gone.
std::size_t add_name(fuse_req_t request, fuse_ino_t parent, const dirent& name, Listing listing,
                     char* at, std::size_t room) {
    fuse_entry_param entry{};
    entry.attr.st_ino = name.d_ino;
    entry.attr.st_mode = static_cast<mode_t>(name.d_type) << 12;
    if (listing == Listing::names) {
        return fuse_add_direntry(request, at, room, name.d_name, &entry.attr, name.d_off);
    }
    const std::string_view text = name.d_name;
    const bool is_real = text != "." && text != "..";
    if (is_real && find(parent, name.d_name, entry) != 0) {
        return 0;
    }
    const std::size_t size =
        fuse_add_direntry_plus(request, at, room, name.d_name, &entry, name.d_off);
    if (size > room && is_real) {
        drop(entry.ino, 1);
    }
    return size;
}

void list(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
          fuse_file_info* file, Listing listing) {
    if (!may(Kind::readdir, request)) {
        return;
    }
    DIR* directory = directory_of(file);
    if (telldir(directory) != offset) {
        seekdir(directory, offset);
    }
    std::vector<char> answer_bytes(size);
    std::size_t used = 0;
    for (;;) {
        errno = 0;
        const dirent* name = readdir(directory);
        if (!name) {
            if (errno && used == 0) {
                fuse_reply_err(request, errno);
                return;
            }
            break;
        }
        const std::size_t added = add_name(request, inode, *name, listing,
                                           answer_bytes.data() + used, answer_bytes.size() - used);
        if (used + added > answer_bytes.size()) {
            break;  // the next call names the place of the last one that fitted
        }
        used += added;
    }
    fuse_reply_buf(request, answer_bytes.data(), used);
}

void on_readdir(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                fuse_file_info* file) {
    list(request, inode, size, offset, file, Listing::names);
}

void on_readdirplus(fuse_req_t request, fuse_ino_t inode, std::size_t size, off_t offset,
                    fuse_file_info* file) {
    list(request, inode, size, offset, file, Listing::with_attributes);
}

void on_releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    closedir(directory_of(file));
    fuse_reply_err(request, 0);
}

void on_fsyncdir(fuse_req_t request, fuse_ino_t, int, fuse_file_info* file) {
    if (may(Kind::fsyncdir, request)) {
        answer(request, fsync(dirfd(directory_of(file))));
    }
}

void on_statfs(fuse_req_t request, fuse_ino_t inode) {
    if (!may(Kind::statfs, request)) {
        return;
    }
    struct statvfs figures {};
    if (fstatvfs(fd_of(inode), &figures) < 0) {
        fuse_reply_err(request, errno);
    } else {
        fuse_reply_statfs(request, &figures);
    }
}

fuse_lowlevel_ops operations() {
    fuse_lowlevel_ops all{};
    all.init = on_init;
    all.lookup = on_lookup;
    all.forget = on_forget;
    all.forget_multi = on_forget_multi;
    all.getattr = on_getattr;
    all.setattr = on_setattr;
    all.readlink = on_readlink;
    all.mknod = on_mknod;
    all.mkdir = on_mkdir;
    all.symlink = on_symlink;
    all.link = on_link;
    all.unlink = on_unlink;
    all.rmdir = on_rmdir;
    all.rename = on_rename;
    all.open = on_open;
    all.create = on_create;
    all.read = on_read;
    all.write = on_write;
    all.flush = on_flush;
    all.release = on_release;
    all.fsync = on_fsync;
    all.opendir = on_opendir;
    all.readdir = on_readdir;
    all.readdirplus = on_readdirplus;
    all.releasedir = on_releasedir;
    all.fsyncdir = on_fsyncdir;
    all.statfs = on_statfs;
    all.getlk = on_getlk;
    all.setlk = on_setlk;
    if (flock_is_here) {
        all.flock = on_flock;
    }
    return all;
}

// ---- Control

std::optional<Kinds> parse_kinds(std::string_view text) {
    Kinds kinds = 0;
    std::istringstream words{std::string(text)};
    for (std::string word; std::getline(words, word, ',');) {
        const auto found = std::find(kind_names.begin(), kind_names.end(), word);
        if (word == "all") {
            kinds = all_kinds;
        } else if (found == kind_names.end()) {
            return std::nullopt;
        } else {
            kinds |= 1U << (found - kind_names.begin());
        }
    }
    return kinds ? std::optional(kinds) : std::nullopt;
}

std::optional<long> parse_number(std::string_view text) {
    long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && number >= 0 ? std::optional(number) : std::nullopt;
}

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
    constexpr std::pair<std::string_view, long> units[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}};
    for (const auto& [unit, microseconds] : units) {
        if (text.ends_with(unit)) {
            if (const auto number = parse_number(text.substr(0, text.size() - unit.size()))) {
                return std::chrono::microseconds(*number * microseconds);
            }
        }
    }
    return text == "0" ? std::optional(std::chrono::microseconds(0)) : std::nullopt;
}

int parse_errno(std::string_view text) {
    for (const auto& [name, number] : errno_names) {
        if (text == name) {
            return number;
        }
    }
    return 0;
}

/// "errno=EIO on=write,fsync after=3 times=1": the words after the first are options.
std::optional<Refusal> parse_refusal(std::string_view error, std::istringstream& words) {
    Refusal refusal;
    refusal.error = parse_errno(error);
    bool good = refusal.error != 0;
    for (std::string word; good && words >> word;) {
        const auto equals = std::min(word.find('='), word.size() - 1);
        const std::string key = word.substr(0, equals + 1);
        const std::string value = word.substr(equals + 1);
        const auto kinds = parse_kinds(value);
        const auto number = parse_number(value);
        if (key == "on=" && kinds) {
            refusal.kinds = *kinds;
        } else if (key == "after=" && number) {
            refusal.after = *number;
        } else if (key == "times=" && number) {
            refusal.times = *number;
        } else {
            good = false;
        }
    }
    return good ? std::optional(refusal) : std::nullopt;
}

std::string obey(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    if (verb == "counts") {
        return faults.counts_as_json();
    }
    if (verb == "reset") {
        faults.reset_counts();
        return "ok";
    }
    if (verb == "thaw") {
        faults.freeze(0);
        return "ok";
    }
    if (verb == "clear") {
        faults.clear();
        return "ok";
    }
    if (verb == "freeze") {
        std::string on;
        const bool all = !(words >> on);
        const auto kinds =
            all ? std::optional(all_kinds) : parse_kinds(on.starts_with("on=") ? on.substr(3) : "");
        if (kinds) {
            faults.freeze(*kinds);
            return "ok";
        }
    }
    if (verb.starts_with("delay=")) {
        if (const auto delay = parse_duration(verb.substr(6))) {
            faults.set_delay(*delay);
            return "ok";
        }
    }
    if (verb.starts_with("errno=")) {
        if (const auto refusal = parse_refusal(verb.substr(6), words)) {
            faults.refuse(*refusal);
            return "ok";
        }
    }
    return "error: not understood: " + line;
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

void converse(int connection) {
    std::string text;
    char bytes[512];
    for (ssize_t got = 0; (got = read(connection, bytes, sizeof bytes)) > 0;) {
        text.append(bytes, static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos;
             text.erase(0, end + 1)) {
            const std::string reply = obey(text.substr(0, end)) + "\n";
            if (send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) {
                break;
            }
        }
    }
    close(connection);
}

int send_command(const std::string& path, const std::string& command) {
    const int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(path);
    if (connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        std::cerr << "faultfs: cannot reach " << path << ": " << strerror(errno) << "\n";
        return 1;
    }
    const std::string line = command + "\n";
    std::string reply;
    char byte = 0;
    if (send(connection, line.data(), line.size(), MSG_NOSIGNAL) < 0) {
        return 1;
    }
    while (read(connection, &byte, 1) == 1 && byte != '\n') {
        reply += byte;
    }
    std::cout << reply << "\n";
    return reply.empty() || reply.starts_with("error") ? 1 : 0;
}

// ---- Start and end

constexpr const char* usage =
    "usage: faultfs [OPTION]... DIRECTORY MOUNTPOINT\n"
    "       faultfs --send=SOCKET COMMAND...\n"
    "Mounts DIRECTORY at MOUNTPOINT as fuse.faultfs and stays in the foreground; SIGTERM "
    "unmounts.\n"
    "Says \"ready\" on standard output once it is mounted.\n"
    "  --attr-timeout=SECONDS    how long attributes are remembered: 3 unless given\n"
    "  --entry-timeout=SECONDS   how long names are remembered: 3 unless given\n"
    "  --flock=here              locks of flock(2) are operations, too; but then /proc does not "
    "show them\n"
    "  --no-permission-checks    everybody may do everything. With checks the kernel looks at a "
    "directory again\n"
    "                            after each change in it, which an NFS client need not: turn them "
    "off to count\n"
    "  --socket=SOCKET           where commands are taken\n"
    "Commands on the socket, one per line, each answered by one line:\n"
    "  delay=2ms                                       every operation takes that long; 0 ends it\n"
    "  freeze [on=KIND,...]                            operations wait until thawed, or their "
    "caller is killed\n"
    "  thaw\n"
    "  errno=NAME [on=KIND,...] [after=N] [times=N]    refuse operations; several such commands "
    "add up\n"
    "  clear                                           end every fault\n"
    "  counts                                          operations by kind, in JSON; \"waiting\": "
    "frozen now\n"
    "  reset                                           counts from zero\n";

struct Options {
    bool check_permissions = true;
    std::string socket;
    std::string send;
    std::vector<std::string> words;
};

std::optional<Options> parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        const std::string value = word.substr(std::min(word.find('=') + 1, word.size()));
        if (word.starts_with("--attr-timeout=")) {
            timeouts.attributes = std::atof(value.c_str());
        } else if (word.starts_with("--entry-timeout=")) {
            timeouts.entries = std::atof(value.c_str());
        } else if (word.starts_with("--socket=")) {
            options.socket = value;
        } else if (word.starts_with("--send=")) {
            options.send = value;
        } else if (word == "--flock=here") {
            flock_is_here = true;
        } else if (word == "--no-permission-checks") {
            options.check_permissions = false;
        } else if (word.starts_with("--")) {
            return std::nullopt;
        } else {
            options.words.push_back(word);
        }
    }
    const bool complete = options.send.empty() ? options.words.size() == 2 : !options.words.empty();
    return complete ? std::optional(options) : std::nullopt;
}

void serve_requests(fuse_session* session) {
    fuse_buf buffer{};
    for (;;) {
        const int got = fuse_session_receive_buf(session, &buffer);
        if (got == -EINTR) {
            continue;
        }
        if (got <= 0) {
            _exit(0);  // unmounted by another process
        }
        fuse_session_process_buf(session, &buffer);
    }
}

int listen_at(const std::string& path) {
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(path);
    unlink(path.c_str());
    if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ||
        listen(listener, 8) < 0) {
        return -1;
    }
    return listener;
}

/// Obeys the control socket until a signal asks for the end.
void run_until_signal(int listener, int signals) {
    pollfd watched[] = {{signals, POLLIN, 0},
                        {listener, POLLIN, 0}};  // a negative descriptor is ignored
    for (;;) {
        if (poll(watched, 2, -1) < 0) {
            continue;
        }
        if (watched[0].revents) {
            return;
        }
        if (const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            connection >= 0) {
            std::thread(converse, connection).detach();
        }
    }
}

fuse_session* mount_over(const std::string& directory, const std::string& mount_point,
                         bool check_permissions) {
    const fuse_lowlevel_ops all = operations();
    const std::string settings = "allow_other,subtype=faultfs,fsname=" + directory +
                                 (check_permissions ? ",default_permissions" : "");
    const char* words[] = {"faultfs", "-o", settings.c_str(), nullptr};
    fuse_args arguments = FUSE_ARGS_INIT(3, const_cast<char**>(words));
    fuse_session* session = fuse_session_new(&arguments, &all, sizeof all, nullptr);
    if (!session || fuse_session_mount(session, mount_point.c_str()) != 0) {
        return nullptr;
    }
    return session;
}

int complain(const std::string& what) {
    std::cerr << "faultfs: " << what << ": " << strerror(errno) << "\n";
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = parse_options(argc, argv);
    if (!options) {
        std::cerr << usage;
        return 2;
    }
    if (!options->send.empty()) {
        std::string command;
        for (const std::string& word : options->words) {
            command += (command.empty() ? "" : " ") + word;
        }
        return send_command(options->send, command);
    }
    const std::string& directory = options->words[0];
    const std::string& mount_point = options->words[1];

    sigset_t ending;
    sigemptyset(&ending);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        sigaddset(&ending, signal);
    }
    sigprocmask(SIG_BLOCK, &ending, nullptr);
    umask(0);

    root.fd = open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root.fd < 0) {
        return complain(directory);
    }
    const int listener = options->socket.empty() ? -1 : listen_at(options->socket);
    if (!options->socket.empty() && listener < 0) {
        return complain(options->socket);
    }
    fuse_session* session = mount_over(directory, mount_point, options->check_permissions);
    if (!session) {
        return complain("cannot mount at " + mount_point);
    }
    constexpr int workers = 64;  // that many operations wait at once; more queue up in the kernel
    for (int i = 0; i < workers; ++i) {
        std::thread(serve_requests, session).detach();
    }
    kernel_locks.mounted_at(mount_point);
    faults.reset_counts();
    std::cout << "ready" << std::endl;

    run_until_signal(listener, signalfd(-1, &ending, SFD_CLOEXEC));
    unlink(options->socket.c_str());
    // Not fuse_session_unmount(): it closes the descriptor first, and a worker that sees that ends
    // the process.
    const int result = umount2(mount_point.c_str(), MNT_DETACH);
    _exit(result == 0
              ? 0
              : complain("cannot unmount " + mount_point));  // ends what is still open or frozen
}
