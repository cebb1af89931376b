// SPDX-License-Identifier: Apache-2.0
// The process that answers: unprivileged, without a capability, without a file system. Event loop,
// HTTP, verdicts, metrics. What it knows it has from the workers; what it can do is answer.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/base/log_sinks.hpp"
#include "agent/base/privileges.hpp"
#include "core/model/settings.hpp"

#include <sys/types.h>

#include <vector>

namespace agent {

struct ServerInputs {
    core::Settings settings;
    Account account;
    std::vector<FileDescriptor> listeners;  ///< listening; there may be none yet
    FileDescriptor control;                 ///< to the supervisor, agent/ipc/control.hpp
    FileDescriptor host_channel;
    FileDescriptor mount_channel;
    FileDescriptor systemd_channel;
    LogSinks log_sinks;
    FileDescriptor log_position;  ///< for LogPositionFile; may be closed
    bool mount_worked = false;    ///< the queue was this instance's own earlier in this boot
    pid_t parent = -1;            ///< the supervisor: the server does not outlive it
};

/// Runs until the supervisor says drain (returns 0) or is gone (returns 1). The caller is the
/// forked child, still root.
[[nodiscard]] int run_server(ServerInputs inputs);

}  // namespace agent
