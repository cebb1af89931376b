// SPDX-License-Identifier: Apache-2.0
// The processes of this host that hold a lock on a file. It never touches the file: /proc/locks
// names it by device and inode.
#pragma once

#include "core/model/facts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace agent {

/// `device` as in MountEntry::device. The executable is "" where it may not be read, where the
/// process has gone, and where the kernel names none (core/parse/proc_locks.hpp). Empty also where
/// the kernel's list cannot be read. `proc` is where proc(5) is mounted; locks of another pid
/// namespace do not appear in it.
[[nodiscard]] std::vector<core::LockHolder> find_lock_holders(const std::string& device,
                                                              std::uint64_t inode,
                                                              const std::string& proc = "/proc");

}  // namespace agent
