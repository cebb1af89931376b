// SPDX-License-Identifier: Apache-2.0
#include "agent/relink/relink_steps.hpp"

#include "agent/base/directory.hpp"
#include "agent/host/queue_link.hpp"
#include "agent/mount/agent_directory.hpp"
#include "core/model/queue_layout.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace agent {
namespace {

constexpr mode_t only_root = 0700;

/// A rename that was sent twice can return ENOENT although it is done (Postfix's NFS_README).
/// Therefore looks at both names.
bool renamed_after_all(int from_directory, const std::string& from, int to_directory,
                       const std::string& to) {
    struct stat status {};
    return ::fstatat(from_directory, from.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 &&
           errno == ENOENT &&
           ::fstatat(to_directory, to.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(status.st_mode);
}

core::Result<void> rename_directory(int from_directory, const std::string& from, int to_directory,
                                    const std::string& to, const std::string& words) {
    if (::renameat(from_directory, from.c_str(), to_directory, to.c_str()) == 0) {
        return {};
    }
    const int error = errno;
    if (error == ENOENT && renamed_after_all(from_directory, from, to_directory, to)) {
        return {};
    }
    return core::system_error(error, "rename", words);
}

struct Ownership {
    uid_t user = 0;
    gid_t group = 0;
    mode_t mode = 0;
};

/// As in the skeleton, or as Postfix's own table says.
core::Result<Ownership> ownership_for(const std::string& name, const core::Paths& paths) {
    const std::string model = paths.skeleton + "/" + name;
    struct stat status {};
    if (::lstat(model.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        return Ownership{status.st_uid, status.st_gid, status.st_mode & 07777};
    }
    const core::QueueDirectory* row = core::find_queue_directory(name);
    if (row == nullptr) {
        return core::Error{core::Errc::other, name + " is not a directory of a queue"};
    }
    const std::string user(row->user);
    const std::string group(row->group);
    const passwd* user_entry = ::getpwnam(user.c_str());
    if (user_entry == nullptr) {
        return core::Error{core::Errc::missing, "there is no user " + user + " to own " + name};
    }
    const uid_t uid = user_entry->pw_uid;
    const ::group* group_entry = ::getgrnam(group.c_str());
    if (group_entry == nullptr) {
        return core::Error{core::Errc::missing, "there is no group " + group + " to own " + name};
    }
    return Ownership{uid, group_entry->gr_gid, row->mode};
}

core::Result<void> make_queue_directory(int parent, const std::string& name,
                                        const std::string& path, const Ownership& wanted) {
    if (::mkdirat(parent, name.c_str(), only_root) != 0) {
        return core::system_error(errno, "make directory", path);
    }
    if (::fchownat(parent, name.c_str(), wanted.user, wanted.group, AT_SYMLINK_NOFOLLOW) != 0) {
        return core::system_error(errno, "set owner of", path);
    }
    if (::fchmodat(parent, name.c_str(), wanted.mode, 0) != 0) {
        return core::system_error(errno, "set mode of", path);
    }
    const auto made = open_directory(parent, name, path);
    return made.has_error() ? made.error() : sync_directory(made->get(), path);
}

/// A symbolic link to the queue at parent/name; one that is there already will do.
core::Result<void> make_new_link(const Parent& parent, const std::string& name,
                                 const std::string& queue) {
    const std::string path = parent.path + "/" + name;
    if (::symlinkat(queue.c_str(), parent.directory.get(), name.c_str()) == 0) {
        return {};
    }
    const int error = errno;
    const core::LinkFacts standing = observe_link(path);
    if (error == EEXIST && standing.kind == core::LinkFacts::Kind::symlink &&
        standing.target == queue) {
        return {};
    }
    return core::system_error(error, "make link", path);
}

}  // namespace

core::Result<void> publish_queue(int mount, const core::Paths& paths, const std::string& id) {
    const auto agent_directory = open_agent_directory(mount, paths);
    if (agent_directory.has_error()) {
        return agent_directory.error();
    }
    const auto renamed = rename_directory(agent_directory->staging.get(), id, mount, id,
                                          paths.staging + " to " + paths.queue);
    if (renamed.has_error()) {
        return renamed;
    }
    const auto root = open_directory(mount, ".", paths.mount);
    return root.has_error() ? root.error() : sync_directory(root->get(), paths.mount);
}

core::Result<void> mend_queue(int mount, const core::Paths& paths, const std::string& id,
                              const std::vector<std::string>& directories) {
    const auto agent_directory = open_agent_directory(mount, paths);
    if (agent_directory.has_error()) {
        return agent_directory.error();
    }
    const auto queue = open_directory(mount, id, paths.queue);
    if (queue.has_error()) {
        return queue.error();
    }
    const int staging = agent_directory->staging.get();
    for (const std::string& name : directories) {
        const auto wanted = ownership_for(name, paths);
        if (wanted.has_error()) {
            return wanted.error();
        }
        const auto made = make_queue_directory(staging, id, paths.staging, *wanted);
        if (made.has_error()) {
            return made;
        }
        const auto renamed = rename_directory(staging, id, queue->get(), name,
                                              paths.staging + " to " + paths.queue + "/" + name);
        if (renamed.has_error()) {
            return renamed;
        }
    }
    return sync_directory(queue->get(), paths.queue);
}

core::Result<void> complete_staging(int staging, const core::Paths& paths, const std::string& id,
                                    const std::vector<std::string>& directories) {
    const auto queue = open_directory(staging, id, paths.staging);
    if (queue.has_error()) {
        return queue.error();
    }
    for (const std::string& name : directories) {
        const auto wanted = ownership_for(name, paths);
        if (wanted.has_error()) {
            return wanted.error();
        }
        const auto made =
            make_queue_directory(queue->get(), name, paths.staging + "/" + name, *wanted);
        if (made.has_error()) {
            return made;
        }
    }
    return sync_directory(queue->get(), paths.staging);
}

core::Result<void> discard_new_link(const std::string& path) {
    const core::LinkFacts standing = observe_link(path);
    if (standing.kind != core::LinkFacts::Kind::symlink) {
        return core::Error{core::Errc::exists,
                           "remove " + path + ": it is not a symbolic link of ours"};
    }
    if (::unlink(path.c_str()) != 0) {
        return core::system_error(errno, "remove", path);
    }
    return {};
}

core::Result<void> make_link(const core::RelinkStep& step, const core::Paths& paths) {
    const auto parent = open_parent(step.to);
    if (parent.has_error()) {
        return parent.error();
    }
    const std::string new_name = paths.new_link.substr(paths.new_link.rfind('/') + 1);
    const auto made = make_new_link(*parent, new_name, step.from);
    if (made.has_error()) {
        return made;
    }
    const int directory = parent->directory.get();
    if (::renameat(directory, new_name.c_str(), directory, parent->name.c_str()) != 0) {
        return core::system_error(errno, "rename", paths.new_link + " to " + step.to);
    }
    return sync_directory(directory, parent->path);
}

core::Result<void> exchange_link(const core::RelinkStep& step, const core::Paths& paths) {
    const auto from = open_parent(step.from);
    if (from.has_error()) {
        return from.error();
    }
    const auto to = open_parent(step.to);
    if (to.has_error()) {
        return to.error();
    }
    const auto made = make_new_link(*to, to->name, paths.queue);
    if (made.has_error()) {
        return made;
    }
    if (::renameat2(to->directory.get(), to->name.c_str(), from->directory.get(),
                    from->name.c_str(), RENAME_EXCHANGE) != 0) {
        return core::system_error(errno, "exchange", step.to + " with " + step.from);
    }
    for (const Parent* parent : {&*from, &*to}) {
        const auto synced = sync_directory(parent->directory.get(), parent->path);
        if (synced.has_error()) {
            return synced;
        }
    }
    return {};
}

}  // namespace agent
