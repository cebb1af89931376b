// SPDX-License-Identifier: Apache-2.0
#include "agent/base/local_paths.hpp"

#include "core/base/text_fields.hpp"
#include "core/parse/mountinfo.hpp"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>

namespace agent {
namespace {

constexpr int most_links = 40;  // as the kernel

core::Error on_network(const std::string& path) {
    return {core::Errc::refused, path + " is on a network file system, which may hang"};
}

/// A mount may have come after mountinfo was read.
bool is_on_remote_type(int place) {
    constexpr std::array<std::uint32_t, 6> types{NFS_SUPER_MAGIC,  FUSE_SUPER_MAGIC,
                                                 SMB_SUPER_MAGIC,  CIFS_SUPER_MAGIC,
                                                 SMB2_SUPER_MAGIC, AUTOFS_SUPER_MAGIC};
    struct statfs status {};
    return ::fstatfs(place, &status) == 0 &&
           std::find(types.begin(), types.end(), static_cast<std::uint32_t>(status.f_type)) !=
               types.end();
}

}  // namespace

bool is_remote_fstype(std::string_view fstype) {
    constexpr std::array<std::string_view, 14> types{
        "nfs",  "nfs4",   "cifs", "smb3", "smbfs",  "9p",  "virtiofs",
        "ceph", "lustre", "afs",  "gfs2", "autofs", "efs", "glusterfs"};
    return fstype.starts_with("fuse") ||
           std::find(types.begin(), types.end(), fstype) != types.end();
}

LocalPaths::LocalPaths(std::string_view mountinfo) : LocalPaths(core::parse_mountinfo(mountinfo)) {
}

LocalPaths::LocalPaths(const std::vector<core::MountEntry>& mounts) {
    for (const core::MountEntry& entry : mounts) {
        if (is_remote_fstype(entry.fstype)) {
            remote_.insert(entry.mount_point);
        } else {
            remote_.erase(entry.mount_point);  // the last is the uppermost
        }
    }
}

core::Result<std::string> LocalPaths::resolve(const std::string& path) const {
    std::string reached;  // without a slash at its end: "" is the root
    std::string rest = path;
    int links = 0;
    while (!rest.empty()) {
        std::string_view after = rest;
        const std::string component(core::take_until(after, '/'));
        rest = std::string(after);
        if (component.empty() || component == ".") {
            continue;
        }
        if (component == "..") {
            reached.resize(reached.empty() ? 0 : reached.rfind('/'));
            continue;
        }
        const std::string next = reached + "/" + component;
        if (remote_.contains(next)) {
            return on_network(path);
        }
        std::array<char, PATH_MAX> target;
        const ssize_t length = ::readlink(next.c_str(), target.data(), target.size());
        if (length < 0 && errno != EINVAL) {
            return core::system_error(errno, "open", path);
        }
        if (length < 0) {
            reached = next;
            continue;
        }
        if (++links > most_links) {
            return core::system_error(ELOOP, "open", path);
        }
        rest.insert(0, std::string(target.data(), static_cast<std::size_t>(length)) + "/");
        if (target.front() == '/') {
            reached.clear();
        }
    }
    return reached.empty() ? "/" : reached;
}

core::Result<FileDescriptor> LocalPaths::locate(const std::string& path) const {
    const auto resolved = resolve(path);
    if (!resolved) {
        return resolved.error();
    }
    FileDescriptor place(::open(resolved->c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!place) {
        return core::system_error(errno, "open", path);
    }
    if (is_on_remote_type(place.get())) {
        return on_network(path);
    }
    return place;
}

}  // namespace agent
