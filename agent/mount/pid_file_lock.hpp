// SPDX-License-Identifier: Apache-2.0
// Finds the holder of the lock of <mount>/<id>/pid/master.pid, without acquiring it.
#pragma once

#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <string>

namespace agent {

/// fcntl(2) with F_GETLK for a write lock on the whole file, through a read-only descriptor. On NFS
/// that is one LOCKT at the server, which knows the flock(2) locks of all hosts; on a local file
/// system the kernel answers, which does not count those of flock(2) here. A mount that is not the
/// one that the settings ask for is not touched.
///
/// Closing a descriptor of a file drops the POSIX locks that the process has on it (fcntl(2)): to
/// be called only in a process that has none on this file. The mount worker has open file
/// description locks alone.
[[nodiscard]] core::LockFacts ask_pid_file_lock(const core::Settings& settings,
                                                const std::string& instance_id);

}  // namespace agent
