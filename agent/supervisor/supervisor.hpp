// SPDX-License-Identifier: Apache-2.0
// The parent process, which is root. Puts together the jobs of this folder: forks the server and
// the workers, replaces a worker that dies, turns signals into messages, reports to the service
// manager, and starts the units that `gate` refused. It opens only the files of this boot's state,
// the server's log sinks and the marks of refused starts. It parses no foreign input and never
// waits for a worker.
//
// Known limit: it waits while the service manager hangs and its socket is full
// (systemd/notify.hpp). Meanwhile it restarts no worker and handles no signal; the server still
// answers.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/base/privileges.hpp"
#include "config/load.hpp"

#include <string>
#include <vector>

namespace agent {

struct SupervisorInputs {
    config::LoadRequest request;  ///< to load the settings again on SIGHUP
    config::Loaded loaded;
    Account account;  ///< of the server and of the systemd worker
    std::vector<FileDescriptor> listeners;
    std::string unbound;  ///< why listen.address and listen.port are not among them: tried again;
                          ///< empty: they are
};

/// Runs until SIGTERM or SIGINT, or until the server ends. Returns the exit status of the program.
///
/// After the signal /readyz fails for drain.delay, which a second signal cuts short; then it
/// returns within 3 s, for the last answers and idle workers, whatever hangs; within 6 s when the
/// server itself hangs, which is then killed. A worker that hangs on the mount is killed and
/// not waited for.
[[nodiscard]] int run_supervisor(SupervisorInputs inputs);

}  // namespace agent
