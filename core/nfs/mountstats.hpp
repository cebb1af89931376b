// SPDX-License-Identifier: Apache-2.0
// The text of /proc/self/mountstats. Reading that file makes no RPC and never blocks on a hung
// mount.
#pragma once

#include "core/model/nfs_facts.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace core {

/// For how many seconds the NFSv4 lease behind `mount_point` has been expired; 0 while it stands.
/// Absent if nothing is mounted there, if it is not NFSv4, or if the kernel does not say
/// (before 5.3). Of mounts that are stacked, the last.
[[nodiscard]] std::optional<std::int64_t> lease_expired(std::string_view text,
                                                        std::string_view mount_point);

/// What the NFS client has counted of `mount_point`. Absent if nothing is mounted there or it is
/// not NFS; a line that cannot be read counts as none. Of mounts that are stacked, the last.
[[nodiscard]] std::optional<NfsFacts> nfs_facts(std::string_view text,
                                                std::string_view mount_point);

}  // namespace core
