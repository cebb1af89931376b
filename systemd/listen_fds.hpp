// SPDX-License-Identifier: Apache-2.0
// sd_listen_fds(3): the sockets that a socket unit opened for this process. The service manager
// keeps its own copy of each: a connection that nobody accepts waits in it for the next process, so
// shutdown(2) must never be called on one.
#pragma once

#include <string>
#include <vector>

namespace systemd {

struct PassedSockets {
    /// Listening TCP sockets, non-blocking, close-on-exec; in the order of the unit. The caller
    /// owns them.
    std::vector<int> listening;
    /// One line for each that is something else, naming the descriptor, its FileDescriptorName= and
    /// what it is. Those are closed.
    std::vector<std::string> refused;
};

/// Takes what was passed to this process (LISTEN_PID) and removes LISTEN_* from the environment, so
/// that no child takes it for its own. Nothing passed: both are empty. To be called once.
[[nodiscard]] PassedSockets take_passed_sockets();

}  // namespace systemd
