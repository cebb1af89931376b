// SPDX-License-Identifier: Apache-2.0
// The server process: the event loop, HTTP, verdicts, metrics. It is unprivileged and has neither a
// capability nor a file system. It gets all facts from the workers.
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
    std::vector<FileDescriptor> listeners;  ///< may be empty; more may come later
    FileDescriptor control;                 ///< to the supervisor, agent/ipc/control.hpp
    FileDescriptor host_channel;
    FileDescriptor mount_channel;
    FileDescriptor systemd_channel;
    LogSinks log_sinks;
    FileDescriptor log_position;  ///< for LogPositionFile; may be closed
    bool mount_worked = false;    ///< the queue was this instance's own earlier in this boot
    pid_t parent = -1;            ///< the supervisor; the server ends with it
};

/// Runs until the supervisor asks to drain (returns 0) or has exited (returns 1). To be called in
/// the forked child, which is still root.
[[nodiscard]] int run_server(ServerInputs inputs);

}  // namespace agent
