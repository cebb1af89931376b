// SPDX-License-Identifier: Apache-2.0
// A worker: a process of its own with a few capabilities (of root, where it must be root), that answers one request at
// a time over its channel with facts, and may say unasked that something it watches has changed. It never talks to the
// network and never starts anything.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/base/privileges.hpp"
#include "agent/ipc/frame.hpp"
#include "agent/ipc/request.hpp"
#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <poll.h>
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace agent {

enum class WorkerKind {
    host,     ///< reads what is local and needs root: /proc of master, the queue link, the mail log's descriptor
    mount,    ///< the only process that touches the shared file system
    systemd,  ///< speaks with systemd: the state of Postfix's units, the journal
};
[[nodiscard]] std::string_view to_string(WorkerKind kind) noexcept;

struct WorkerProcess {
    pid_t pid = -1;
    FileDescriptor channel;  ///< requests and replies
    FileDescriptor control;  ///< agent/ipc/control.hpp; closing it ends the worker
};

/// Forks a worker. `account` is whom one becomes that need not be root (systemd). The caller must be single-threaded.
/// The child keeps no descriptor of the caller's but standard error, and is killed when the caller goes.
[[nodiscard]] core::Result<WorkerProcess> start_worker(WorkerKind kind, const core::Settings& settings,
                                                       const Account& account);

/// What a handler gives back: an encoded reply, perhaps with a descriptor to hand over.
struct Reply {
    std::vector<std::uint8_t> bytes;
    FileDescriptor descriptor;
};

/// What a handler wants to wait for beside requests, as poll(2) takes it.
struct Watch {
    std::vector<pollfd> descriptors;
    int timeout_ms = -1;  ///< -1: none
};

/// The work itself. One instance lives as long as its process.
class RequestHandler {
   public:
    virtual ~RequestHandler() = default;
    [[nodiscard]] virtual core::Result<Reply> handle(const Request& request) = 0;
    virtual void apply(const core::Settings& settings) = 0;  ///< new settings, already validated

    /// Asked before each wait.
    [[nodiscard]] virtual Watch watch() { return {}; }
    /// After a wait that was ended by a descriptor of watch(), whose `revents` say which, or by its timeout. Returns
    /// what the server is to be told. Must not block.
    [[nodiscard]] virtual WorkerEvents on_watch(std::span<const pollfd> /*watched*/) { return 0; }
};

}  // namespace agent
