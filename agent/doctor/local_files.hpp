// SPDX-License-Identifier: Apache-2.0
// Reads this host's disk and /sys for `doctor`. `root` is the prefix of every path: "" is this host
// itself. It never touches a file system of another host (agent/base/local_paths.hpp).
#pragma once

#include "agent/base/local_paths.hpp"
#include "core/base/result.hpp"
#include "core/doctor/facts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace agent {

class LocalFiles {
   public:
    LocalFiles(const LocalPaths& local, std::string root) : local_(local), root_(std::move(root)) {}

    /// A small text file. Errors: missing, denied, refused (not local), or as the system says.
    [[nodiscard]] core::Result<std::string> text(const std::string& path) const;
    /// The object that a path leads to; follows symbolic links.
    [[nodiscard]] core::PathFacts look_at(const std::string& path) const;
    [[nodiscard]] core::LinkFacts link(const std::string& path) const;
    /// The names in a directory; none if it cannot be listed.
    [[nodiscard]] std::vector<std::string> names_in(const std::string& path) const;
    /// The time of the last write; microseconds on the wall clock.
    [[nodiscard]] std::optional<std::int64_t> written_at(const std::string& path) const;
    /// A queue directory that should have no mail. Errors as text().
    [[nodiscard]] core::Result<core::SkeletonFacts> skeleton(const std::string& path) const;
    /// "postfix….d" in /etc/systemd/system and /run/systemd/system.
    [[nodiscard]] std::vector<std::string> drop_ins() const;
    /// The value of the NFS client's parameter nfs4_unique_id in /etc/modprobe.d; "" if it is not
    /// set.
    [[nodiscard]] std::string modprobe_unique_id() const;

   private:
    [[nodiscard]] core::Result<FileDescriptor> open_below(const std::string& path) const;

    const LocalPaths& local_;
    std::string root_;
};

}  // namespace agent
