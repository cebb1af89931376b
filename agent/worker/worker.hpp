// SPDX-License-Identifier: Apache-2.0
// A worker: a process of its own with a few capabilities (of root, where it must be root), that
// answers one request at a time over its channel with facts, and may say unasked that something it
// watches has changed. It never talks to the network and never starts anything.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/base/privileges.hpp"
#include "agent/ipc/worker_kind.hpp"
#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <sys/types.h>

namespace agent {

struct WorkerProcess {
    pid_t pid = -1;
    FileDescriptor channel;  ///< requests and replies
    FileDescriptor control;  ///< agent/ipc/control.hpp; closing it ends the worker
};

/// Forks a worker. `account` is the one of a worker that need not be root (systemd). The caller
/// must be single-threaded. The child keeps no descriptor of the caller's but standard error, and
/// is killed when the caller goes.
[[nodiscard]] core::Result<WorkerProcess> start_worker(WorkerKind kind,
                                                       const core::Settings& settings,
                                                       const Account& account);

}  // namespace agent
