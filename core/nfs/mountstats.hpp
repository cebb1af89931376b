// SPDX-License-Identifier: Apache-2.0
// The text of /proc/self/mountstats. Reading that file makes no RPC and never blocks on a hung
// mount.
#pragma once

#include "core/model/nfs_facts.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace core {

/// The seconds since the NFSv4 lease behind `mount_point` expired; 0 while it is valid. Absent if
/// nothing is mounted there, if it is not NFSv4, or before Linux 5.3. Of stacked mounts, the last.
[[nodiscard]] std::optional<std::int64_t> lease_expired(std::string_view text,
                                                        std::string_view mount_point);

/// The NFS client's counters of `mount_point`. Absent if nothing is mounted there or it is not NFS;
/// skips malformed lines. Of stacked mounts, the last.
[[nodiscard]] std::optional<NfsFacts> nfs_facts(std::string_view text,
                                                std::string_view mount_point);

}  // namespace core
