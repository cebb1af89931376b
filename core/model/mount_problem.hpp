// SPDX-License-Identifier: Apache-2.0
// Whether a mounted file system may be used for the queue, and whether it is NFS.
#pragma once

#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <optional>
#include <string_view>

namespace core {

enum class MountProblem {
    none,          ///< it may be used
    missing,       ///< nothing is mounted
    automount,     ///< an automount waits there, with nothing mounted on it
    wrong_type,    ///< settings.mount.fstypes does not list it
    wrong_source,  ///< it is not settings.mount.source
    read_only,
};

/// The first problem in the order above.
[[nodiscard]] MountProblem problem_of(const std::optional<MountEntry>& mount,
                                      const Settings& settings);

/// NFS of any version: the server makes changes durable, and other hosts can hold locks.
[[nodiscard]] constexpr bool is_nfs(std::string_view fstype) noexcept {
    return fstype == "nfs" || fstype == "nfs4";
}

/// NFS version 4: locks are always the server's, never local ones (nfs(5), local_lock).
[[nodiscard]] constexpr bool is_nfs4(std::string_view fstype) noexcept {
    return fstype == "nfs4";
}

}  // namespace core
