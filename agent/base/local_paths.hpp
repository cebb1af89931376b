// SPDX-License-Identifier: Apache-2.0
// Resolves a path of this host without a step onto a file system that another host serves.
// Why: there even open(2) with O_PATH, stat(2) and statfs(2) wait for as long as that host is
// silent.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"
#include "core/model/facts.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

class LocalPaths {
   public:
    /// The text of /proc/self/mountinfo, read just now: a mount that is made later is not known.
    explicit LocalPaths(std::string_view mountinfo);
    explicit LocalPaths(const std::vector<core::MountEntry>& mounts);

    /// An absolute path with every symbolic link followed. Errors: missing; refused (it leads to a
    /// network file system, to FUSE, or to an automount point, and says which); other (a loop, a
    /// component that is no directory).
    [[nodiscard]] core::Result<std::string> resolve(const std::string& path) const;

    /// What resolve() leads to, as an O_PATH descriptor: nothing has been opened. The same errors.
    [[nodiscard]] core::Result<FileDescriptor> locate(const std::string& path) const;

   private:
    std::set<std::string, std::less<>>
        remote_;  ///< mount points whose uppermost mount is not local
};

/// Whether files of that type, as mountinfo names it, may wait for another host or another process.
[[nodiscard]] bool is_remote_fstype(std::string_view fstype);

}  // namespace agent
