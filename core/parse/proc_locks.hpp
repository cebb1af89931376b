// SPDX-License-Identifier: Apache-2.0
// The text of /proc/locks, proc_locks(5): the locks of this host's own processes. Reading that file
// never blocks on a hung mount; locks that other hosts hold at a file server do not appear in it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace core {

/// The processes that hold a lock of any kind and mode (FLOCK, POSIX, OFDLCK) on a file, each once,
/// in the kernel's order; not those that only wait for one. `device` is "major:minor" in decimal,
/// as in MountEntry::device. For a lock of flock(2) it is the process that acquired it; a child may
/// hold it now. 0: a holder that the kernel does not name, as with an open file description lock.
[[nodiscard]] std::vector<std::int32_t> lock_holders(std::string_view locks,
                                                     std::string_view device, std::uint64_t inode);

}  // namespace core
