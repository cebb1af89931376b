// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/owner_lock.hpp"

#include "agent/base/directory.hpp"
#include "agent/mount/owner_record.hpp"
#include "core/model/paths.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace agent {
namespace {

using State = core::OwnershipFacts::State;

core::OwnershipFacts facts_of(State state, core::OwnerRecord holder = {}, std::string error = {}) {
    core::OwnershipFacts facts;
    facts.state = state;
    facts.holder = std::move(holder);
    facts.error = std::move(error);
    return facts;
}

std::string owners_path(const MountDirectory& mount) {
    return mount.path() + "/" + core::agent_directory_name + "/owners";
}

/// owners/ below the mount, each step without following a link.
core::Result<FileDescriptor> open_owners(const MountDirectory& mount) {
    const std::string agent_directory_path = mount.path() + "/" + core::agent_directory_name;
    const auto agent_directory =
        open_place(mount.fd(), core::agent_directory_name, agent_directory_path);
    if (agent_directory.has_error()) {
        return agent_directory.error();
    }
    return open_place(agent_directory->get(), "owners", agent_directory_path + "/owners");
}

/// Uncached and synchronous where the file system can; tmpfs and others say EINVAL to O_DIRECT.
FileDescriptor open_uncached(int directory, const std::string& name, int flags) {
    constexpr int common = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    FileDescriptor file(::openat(directory, name.c_str(), flags | common | O_DIRECT, 0600));
    if (!file && errno == EINVAL) {
        file = FileDescriptor(::openat(directory, name.c_str(), flags | common, 0600));
    }
    return file;
}

struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

/// Whether a process holds the lock; asks without acquiring. A read-only descriptor is enough.
core::Result<bool> is_locked(int file, const std::string& path) {
    struct flock lock = whole_file();
    if (::fcntl(file, F_OFD_GETLK, &lock) != 0) {
        return core::system_error(errno, "ask for the lock on", path);
    }
    return lock.l_type != F_UNLCK;
}

/// An error only if the read fails; empty or foreign bytes give an empty record.
core::Result<core::OwnerRecord> read_record(int file, const std::string& path) {
    OwnerBlock block;
    const ssize_t got = ::pread(file, block.bytes.data(), block.bytes.size(), 0);
    if (got < 0) {
        return core::system_error(errno, "read", path);
    }
    return parse_owner_record({block.bytes.data(), static_cast<std::size_t>(got)});
}

}  // namespace

core::Result<core::OwnershipFacts> OwnerLock::claim(const MountDirectory& mount,
                                                    core::TimePoint now) {
    wrote_ = false;
    forget_other_mount(mount);
    if (file_) {
        core::OwnershipFacts facts = observe_held();
        const bool held_elsewhere = !facts.holder.instance_id.empty();
        if (facts.state == State::held || held_elsewhere) {
            return facts;
        }
        if (facts.state == State::lost) {
            note_loss(now);
        }
        file_.reset();  // a failing read or a lost lease: only a new descriptor shows the truth
    }
    const auto owners = open_owners(mount);
    if (owners.has_error()) {
        return owners.error();
    }
    path_ = owners_path(mount) + "/" + self_.instance_id;
    FileDescriptor file =
        open_uncached(owners->get(), self_.instance_id, O_RDWR | O_CREAT | O_DSYNC);
    if (!file) {
        return core::system_error(errno, "open", path_);
    }
    struct flock lock = whole_file();
    if (::fcntl(file.get(), F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES) {
            return core::system_error(errno, "lock", path_);
        }
        const auto record = read_record(file.get(), path_);
        return held_by(record.has_value() ? *record : core::OwnerRecord{});
    }
    const auto record = write_record(file.get(), now);
    if (record.has_error()) {
        return record.error();
    }
    file_ = std::move(file);
    mount_id_ = mount.mount_id();
    begin_looking_at_others(owners->get());
    look_at_others(mount);
    return held(*record);
}

core::Result<core::OwnerRecord> OwnerLock::write_record(int file, core::TimePoint now) {
    const auto standing = read_record(file, path_);
    if (standing.has_error()) {
        return standing.error();
    }
    if (same_owner(*standing, self_)) {
        return *standing;
    }
    core::OwnerRecord record = self_;
    record.since = time_stamp(now.wall);
    const OwnerBlock block = to_block(record);
    const ssize_t written = ::pwrite(file, block.bytes.data(), block.bytes.size(), 0);
    if (written != static_cast<ssize_t>(block.bytes.size())) {
        return core::system_error(written < 0 ? errno : ENOSPC, "write", path_);
    }
    wrote_ = true;
    return record;
}

core::OwnershipFacts OwnerLock::observe(const MountDirectory& mount) {
    forget_other_mount(mount);
    if (!file_) {
        return observe_file(mount);
    }
    look_at_others(mount);
    return observe_held();
}

core::OwnershipFacts OwnerLock::observe_held() {
    const auto record = read_record(file_.get(), path_);
    if (record.has_error()) {
        const core::Errc code = record.error().code;
        const bool gone = code == core::Errc::io_error || code == core::Errc::stale;
        return facts_of(gone ? State::lost : State::error, {}, record.error().message);
    }
    if (!same_owner(*record, self_)) {
        const bool readable = !record->instance_id.empty();
        core::OwnershipFacts facts = facts_of(
            State::lost, *record,
            path_ + (readable ? " now names another owner" : " no longer names this host"));
        if (readable && record->nfs_client == self_.nfs_client) {
            facts.shared_with =
                *record;  // the server took the two for one, and gave the lock to both
        }
        return facts;
    }
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) {
        return facts_of(State::error, {}, core::system_error(errno, "stat", path_).message);
    }
    // Another host can recreate the file and lock it as well.
    if (status.st_nlink == 0) {
        return facts_of(State::lost, {}, path_ + " was removed");
    }
    return held(*record);
}

core::OwnershipFacts OwnerLock::observe_file(const MountDirectory& mount) const {
    const std::string path = owners_path(mount) + "/" + self_.instance_id;
    const auto owners = open_owners(mount);
    if (owners.has_error()) {
        return owners.error().code == core::Errc::missing
                   ? facts_of(State::unclaimed)
                   : facts_of(State::error, {}, owners.error().message);
    }
    const FileDescriptor file = open_uncached(owners->get(), self_.instance_id, O_RDONLY);
    if (!file) {
        return errno == ENOENT
                   ? facts_of(State::unclaimed)
                   : facts_of(State::error, {}, core::system_error(errno, "open", path).message);
    }
    const auto record = read_record(file.get(), path);
    const auto locked = is_locked(file.get(), path);
    if (locked.has_error()) {
        return facts_of(State::error, {}, locked.error().message);
    }
    if (!*locked) {
        return facts_of(State::unclaimed, record.has_value() ? *record : core::OwnerRecord{});
    }
    return held_by(record.has_value() ? *record : core::OwnerRecord{});
}

core::OwnershipFacts OwnerLock::held(const core::OwnerRecord& record) const {
    core::OwnershipFacts facts = facts_of(State::held, record);
    facts.shared_with = shared_with_;
    facts.losses = losses_;
    return facts;
}

core::OwnershipFacts OwnerLock::held_by(const core::OwnerRecord& record) const {
    if (!record.boot_id.empty() && record.boot_id == self_.boot_id) {
        return facts_of(State::held_here, record);
    }
    return facts_of(State::held_elsewhere, record);
}

/// A lock on what is no longer mounted at the path is of no use, and may stand in the way of the
/// one that is.
void OwnerLock::forget_other_mount(const MountDirectory& mount) {
    if (file_ && mount_id_ != mount.mount_id()) {
        file_.reset();
    }
}

void OwnerLock::note_loss(core::TimePoint now) {
    if (losses_.size() == core::OwnershipFacts::losses_kept) {
        losses_.erase(losses_.begin());
    }
    losses_.push_back(now.boot.count());
}

void OwnerLock::begin_looking_at_others(int owners) {
    others_.clear();
    shared_with_.reset();
    const auto readable = open_directory(owners, ".", "owners");
    if (readable.has_error()) {
        return;
    }
    const auto entries = list_directory(readable->get(), "owners");
    if (entries.has_error()) {
        return;
    }
    for (const DirectoryEntry& entry : *entries) {
        if (entry.name != self_.instance_id) {
            others_.push_back(entry.name);
        }
    }
}

void OwnerLock::look_at_others(const MountDirectory& mount) {
    if (shared_with_) {
        others_.push_back(shared_name_);  // whether it still is so
        shared_with_.reset();
    }
    if (others_.empty()) {
        return;
    }
    const auto owners = open_owners(mount);
    if (owners.has_error()) {
        return;
    }
    for (std::size_t looked = 0; looked < others_per_look && !others_.empty() && !shared_with_;
         ++looked) {
        const std::string name = std::move(others_.back());
        others_.pop_back();
        look_at(owners->get(), name);
    }
}

void OwnerLock::look_at(int owners, const std::string& name) {
    const FileDescriptor file = open_uncached(owners, name, O_RDONLY);
    if (!file) {
        return;
    }
    const auto record = read_record(file.get(), name);
    if (record.has_error() || record->boot_id.empty() || record->boot_id == self_.boot_id ||
        record->nfs_client != self_.nfs_client) {
        return;
    }
    const auto locked = is_locked(file.get(), name);
    if (locked.has_value() && *locked) {
        shared_with_ = *record;
        shared_name_ = name;
    }
}

}  // namespace agent
