// SPDX-License-Identifier: Apache-2.0
// The server as the supervisor sees it: a child process, the control channel to it, and the
// deadline by which it must have ended. Owns this end of the channel.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/ipc/control.hpp"
#include "agent/server/server.hpp"
#include "agent/supervisor/child_exit.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string_view>

namespace agent {

class ServerProcess {
   public:
    /// Beyond drain.delay: a server that has not ended by then, after its last answers (server.cpp:
    /// last_answers), hangs.
    static constexpr std::chrono::milliseconds grace{5000};

    /// Forks the server. `inputs.control` and `inputs.parent` are set here. The descriptors in
    /// `inputs` are closed in this process. Errors: of socketpair(2) and fork(2).
    [[nodiscard]] core::Result<void> start(ServerInputs inputs);

    /// The control channel; -1 after the server has closed it.
    [[nodiscard]] int control() const { return control_.get(); }
    [[nodiscard]] core::Result<void> send(ControlKind kind, std::string_view text = {},
                                          int descriptor = -1) const {
        return send_control(control(), kind, text, descriptor);
    }
    /// The next message of the server; absent if there is none that can be read.
    [[nodiscard]] std::optional<ControlMessage> receive();

    /// Asks the server to end after `delay`. A second call ends the wait.
    void drain(core::Duration delay);
    [[nodiscard]] bool is_draining() const { return is_draining_; }

    /// When a server that drains is killed; BootTime::max() until then.
    [[nodiscard]] core::BootTime due() const { return kill_at_; }
    void kill_if_due(core::BootTime now);

    /// Records the end of the server, and logs one that was not asked for or is not clean. Returns
    /// whether the child was the server.
    bool ended(const ChildExit& child);
    /// The exit status of the program; absent while the server runs.
    [[nodiscard]] std::optional<int> exit_status() const { return exit_status_; }

   private:
    pid_t pid_ = -1;
    FileDescriptor control_;
    bool is_draining_ = false;
    core::BootTime kill_at_ = core::BootTime::max();
    std::optional<int> exit_status_;
};

}  // namespace agent
