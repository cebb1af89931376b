// SPDX-License-Identifier: Apache-2.0
// Postfix's master processes as /proc shows them. For root: the link texts of another user's
// process need CAP_SYS_PTRACE. A process that cannot be read is left out.
//
// Nothing here blocks on a hung mount, because nothing here makes the kernel walk to a file that a
// process uses: of exe, cwd and fd/<n> the link texts are read, of stat, status, cgroup and
// fdinfo/<n> the contents. Never cmdline (it reads the process's memory, under a lock that a
// process stuck in a page fault holds), never stat() or open() through a link.
#pragma once

#include "core/base/result.hpp"
#include "core/model/facts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace agent {

/// Every living process that root started and whose executable is Postfix's master(8), but not
/// those of another pid namespace below this one (a container's). `proc` is where proc(5) is
/// mounted. In the order of /proc. An error if the processes cannot be listed, which must not read
/// as "there is none".
[[nodiscard]] core::Result<std::vector<core::ProcessFacts>> find_masters(
    const std::string& proc = "/proc");

/// The process of that pid. Absent if there is none, if it is a zombie, or if it is unreadable. It
/// is a master only if root started it; only then its descriptors are read.
[[nodiscard]] std::optional<core::ProcessFacts> describe_process(std::int32_t pid,
                                                                 const std::string& proc = "/proc");

/// The path of master.lock in the data directory of the master of that pid, as its descriptor names
/// it; absent if it has none open, or if root did not start it. That lock is local, and written
/// again at each start of a master (src/master/master.c).
[[nodiscard]] std::optional<std::string> data_lock_of(std::int32_t pid,
                                                      const std::string& proc = "/proc");

}  // namespace agent
