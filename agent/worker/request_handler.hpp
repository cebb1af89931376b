// SPDX-License-Identifier: Apache-2.0
// The work of one kind of worker, as its loop (agent/worker/worker.cpp) calls it.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/ipc/frame.hpp"
#include "agent/ipc/request.hpp"
#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <poll.h>

#include <cstdint>
#include <span>
#include <vector>

namespace agent {

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
    /// After a wait that was ended by a descriptor of watch(), whose `revents` say which, or by its
    /// timeout. Returns what the server is to be told. Must not block.
    [[nodiscard]] virtual WorkerEvents on_watch(std::span<const pollfd> /*watched*/) { return 0; }
};

}  // namespace agent
