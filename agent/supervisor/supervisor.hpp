// SPDX-License-Identifier: Apache-2.0
// The parent of all: forks the server and the workers, starts a worker again that died, hands its
// new channel to the server, turns signals into messages, speaks to the service manager, and has
// what `gate` refused started when it may (agent/supervisor/deferred_start.hpp). It opens nothing
// but the files of this boot's memory and the marks of refused starts, parses nothing that comes
// from outside, and never waits for a worker.
//
// Known limit: it waits for the service manager when that one is stuck and its socket is full
// (systemd/notify.hpp). Meanwhile no worker is started again and no signal is handled; the server
// still answers.
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
