// SPDX-License-Identifier: Apache-2.0
// What `doctor` reads from the disk of this host and from /sys. `root` stands before every path: ""
// is this host itself. No step is taken onto a file system of another host
// (agent/base/local_paths.hpp).
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
    /// What a path leads to, symbolic links followed.
    [[nodiscard]] core::PathFacts look_at(const std::string& path) const;
    [[nodiscard]] core::LinkFacts link(const std::string& path) const;
    /// The names in a directory; none if it cannot be listed.
    [[nodiscard]] std::vector<std::string> names_in(const std::string& path) const;
    /// When a file was written; microseconds on the wall clock.
    [[nodiscard]] std::optional<std::int64_t> written_at(const std::string& path) const;
    /// Of a queue directory in which nothing should be queued. Errors as text().
    [[nodiscard]] core::Result<core::SkeletonFacts> skeleton(const std::string& path) const;
    /// "postfix….d" in /etc/systemd/system and /run/systemd/system.
    [[nodiscard]] std::vector<std::string> drop_ins() const;
    /// What a file of /etc/modprobe.d gives the parameter nfs4_unique_id of the NFS client; "" if
    /// none does.
    [[nodiscard]] std::string modprobe_unique_id() const;

   private:
    [[nodiscard]] core::Result<FileDescriptor> open_below(const std::string& path) const;

    const LocalPaths& local_;
    std::string root_;
};

}  // namespace agent
