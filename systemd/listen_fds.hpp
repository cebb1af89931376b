// SPDX-License-Identifier: Apache-2.0
// sd_listen_fds(3): the sockets that a socket unit opened for this process. The service manager
// keeps its own copy of each, so that a connection that is not accepted waits for the next process:
// never call shutdown(2) on one.
#pragma once

#include <string>
#include <vector>

namespace systemd {

struct PassedSockets {
    /// Listening TCP sockets, non-blocking, close-on-exec; in the order of the unit. The caller
    /// owns them.
    std::vector<int> listening;
    /// One line for each other descriptor, which is closed: its number, FileDescriptorName= and
    /// type.
    std::vector<std::string> refused;
};

/// Takes what was passed to this process (LISTEN_PID) and removes LISTEN_* from the environment, so
/// that no child takes it for its own. Nothing passed: both are empty. To be called once.
[[nodiscard]] PassedSockets take_passed_sockets();

}  // namespace systemd
