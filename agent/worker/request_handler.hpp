// SPDX-License-Identifier: Apache-2.0
// The work of one kind of worker, as its loop (agent/worker/worker.cpp) calls it.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/ipc/codec.hpp"
#include "agent/ipc/frame.hpp"
#include "agent/ipc/request.hpp"
#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace agent {

/// An encoded reply, perhaps with a descriptor.
struct Reply {
    std::vector<std::uint8_t> bytes;
    FileDescriptor descriptor;
};

/// What a handler returns to pass a descriptor beside its reply.
template <class T>
struct WithDescriptor {
    T reply;
    FileDescriptor descriptor;
};

/// One row of a worker's table: `member` carries out the operation. It takes the request or
/// nothing, and returns the operation's reply, alone or as a Result or WithDescriptor of it.
template <Operation of, auto member>
struct Handler {
    static constexpr Operation operation = of;
    using ReplyType = ReplyTo<of>;

    template <class Worker>
    static core::Result<Reply> handle(Worker& worker, const Request& request) {
        if constexpr (std::is_invocable_v<decltype(member), Worker&, const Request&>) {
            return encoded(std::invoke(member, worker, request));
        } else {
            return encoded(std::invoke(member, worker));
        }
    }

   private:
    static core::Result<Reply> encoded(core::Result<ReplyType> reply) {
        return reply ? core::Result<Reply>(Reply{encode(*reply), {}}) : reply.error();
    }
    static core::Result<Reply> encoded(core::Result<WithDescriptor<ReplyType>> reply) {
        if (!reply) {
            return reply.error();
        }
        return Reply{encode(reply->reply), std::move(reply->descriptor)};
    }
};

/// All operations of a kind of worker; one without a handler does not compile.
template <WorkerKind kind, class... Handlers>
struct HandlerTable {
    static_assert(std::ranges::all_of(Operations::rows, [](const OperationInfo& row) {
        return (row.worker == kind) == ((row.operation == Handlers::operation) || ...);
    }));

    /// Error: refused (an operation of another worker), or the handler's.
    template <class Worker>
    static core::Result<Reply> handle(Worker& worker, const Request& request) {
        core::Result<Reply> reply =
            core::Error{core::Errc::refused,
                        "not an operation of the " + std::string(to_string(kind)) + " worker"};
        const auto try_one = [&]<class One>(One) {
            if (request.operation == One::operation) {
                reply = One::handle(worker, request);
            }
        };
        (try_one(Handlers()), ...);
        return reply;
    }
};

/// Descriptors and a timeout that a handler waits for beside requests, as poll(2) takes them.
struct Watch {
    std::vector<pollfd> descriptors;
    int timeout_ms = -1;  ///< -1: none
};

/// One instance lives as long as its process.
class RequestHandler {
   public:
    virtual ~RequestHandler() = default;
    [[nodiscard]] virtual core::Result<Reply> handle(const Request& request) = 0;
    virtual void apply(const core::Settings& settings) = 0;  ///< new settings, already validated

    /// Called before each wait.
    [[nodiscard]] virtual Watch watch() { return {}; }
    /// Called after a wait that a descriptor of watch() ended, as its `revents` show, or its
    /// timeout. Returns the events to send to the server. Must not block.
    [[nodiscard]] virtual WorkerEvents on_watch(std::span<const pollfd> /*watched*/) { return 0; }
};

}  // namespace agent
