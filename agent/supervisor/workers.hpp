// SPDX-License-Identifier: Apache-2.0
// The workers of the supervisor, one process of each kind. A worker that dies is started again
// after a pause, and the server gets its new channel. Owns the control channels; the server owns
// the channels of the requests.
#pragma once

#include "agent/ipc/control.hpp"
#include "agent/supervisor/child_exit.hpp"
#include "agent/supervisor/server_process.hpp"
#include "agent/supervisor/signals.hpp"
#include "agent/worker/worker.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

#include <array>
#include <chrono>
#include <vector>

namespace agent {

class Workers {
   public:
    /// How long end() waits for idle workers to see that their channel is closed.
    static constexpr std::chrono::milliseconds grace{500};

    /// `account` is the one of the systemd worker.
    explicit Workers(Account account) : account_(std::move(account)) {}

    /// Starts one of each kind. Errors: as start_worker().
    [[nodiscard]] core::Result<void> start(const core::Settings& settings);
    /// The channel of the requests to a worker that start() has started.
    [[nodiscard]] FileDescriptor take_channel(WorkerKind kind);

    /// Schedules another in place of a worker that has ended, and logs that.
    void ended(const ChildExit& child);
    /// A worker that ends from now on is not replaced.
    void stop_replacing() { replaces_ = false; }

    /// When the next worker is to be started; BootTime::max() while none is.
    [[nodiscard]] core::BootTime due() const;
    /// Starts the workers that are due, and sends their channels to the server. A worker that
    /// cannot be started is logged and tried again after a pause.
    void start_due(core::BootTime now, const core::Settings& settings, const ServerProcess& server);

    /// The control channels of the workers that run.
    [[nodiscard]] std::vector<int> controls() const;

    /// Ends all workers within `grace`. Kills a worker that hangs on the mount, and does not wait
    /// for it.
    void end(const Signals& signals);

   private:
    struct Slot {
        WorkerKind kind;
        ControlKind announcement;
        WorkerProcess process{};
        core::BootTime start_at = core::BootTime::max();  ///< earlier while no worker sits here
    };

    [[nodiscard]] core::Result<void> start_in(Slot& slot, const core::Settings& settings);
    void replace(Slot& slot, const core::Settings& settings, const ServerProcess& server);
    [[nodiscard]] bool any_runs() const;

    Account account_;
    std::array<Slot, 3> slots_{Slot{WorkerKind::host, ControlKind::host_channel},
                               Slot{WorkerKind::mount, ControlKind::mount_channel},
                               Slot{WorkerKind::systemd, ControlKind::systemd_channel}};
    bool replaces_ = true;
};

}  // namespace agent
