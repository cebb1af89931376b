// SPDX-License-Identifier: Apache-2.0
// Which sockets the agent listens on: those that the service manager passed
// (systemd/listen_fds.hpp), and where none of them is what listen.address and listen.port say, one
// of its own beside them. A setting that still is the default agrees with any socket: then it is
// the socket unit that says where.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "config/load.hpp"
#include "core/base/time.hpp"

#include <optional>
#include <string>
#include <vector>

namespace agent {

struct Listeners {
    std::vector<FileDescriptor> sockets;  ///< all listen; a client waits in the backlog
    std::string warning;  ///< one line: settings and socket unit do not agree, and how to mend it;
                          ///< empty: they do
    std::string
        unbound;  ///< one line: why the endpoint of the settings is missing; empty: it is not
};

[[nodiscard]] Listeners open_listeners(const config::Loaded& loaded,
                                       std::vector<FileDescriptor> passed);

/// "[::]:8025, 127.0.0.1:9025", or "nothing yet".
[[nodiscard]] std::string names_of(const std::vector<FileDescriptor>& sockets);

/// An endpoint that could not be bound yet, and is tried again until it can be.
class PendingListener {
   public:
    PendingListener() = default;  ///< nothing is to be bound
    /// `error` says why it is not; empty: nothing is to be bound.
    PendingListener(core::Settings::Listen wanted, std::string error);

    /// When to try next; nothing while nothing is to be bound.
    [[nodiscard]] std::optional<core::BootTime> due() const { return due_; }
    [[nodiscard]] const std::string& error() const { return error_; }

    /// Tries, and returns a socket that listens; a closed one while that does not work. An error
    /// that is another than before is logged.
    [[nodiscard]] FileDescriptor attempt(core::BootTime now);
    /// It is in good hands: nothing is to be bound any more.
    void done();

   private:
    core::Settings::Listen wanted_;
    std::string error_;
    std::optional<core::BootTime> due_;
};

}  // namespace agent
