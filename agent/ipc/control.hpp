// SPDX-License-Identifier: Apache-2.0
// The messages between the supervisor and its children, over one channel for each child
// (agent/ipc/channel.hpp). The children trust the supervisor. The supervisor accepts only messages
// that are harmless even if the server is compromised.
#pragma once

#include "agent/ipc/channel.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace agent {

enum class ControlKind : std::uint8_t {
    // supervisor to server
    host_channel = 1,     ///< a new channel to a new host worker; the descriptor travels beside it
    mount_channel = 2,    ///< likewise to a new mount worker
    systemd_channel = 3,  ///< likewise to a new systemd worker
    drain = 4,  ///< SIGTERM came: drain and end; once more: without waiting for drain.delay
    // supervisor to server and workers
    settings = 5,  ///< text: the new effective settings, as config::print() writes them
    // supervisor to server
    listener =
        6,  ///< a listening socket that could not be had before; the descriptor travels beside it
    // server to supervisor
    ready = 16,     ///< the queue is this instance's own: sd_notify READY=1
    status = 17,    ///< text: one line for sd_notify STATUS=
    alive = 18,     ///< the evaluator finished a round: sd_notify WATCHDOG=1
    identity = 19,  ///< text: the instance id; the first one stays, and is kept for this boot where
                    ///< it was asked for
    postfix_may_start = 20,  ///< each round in which it may: units that `gate` refused are started
};

struct ControlMessage {
    ControlKind kind{};
    std::string text;
    FileDescriptor descriptor;
};

[[nodiscard]] core::Result<void> send_control(int channel, ControlKind kind,
                                              std::string_view text = {}, int descriptor = -1);

/// Errors: malformed; locked (nothing there, non-blocking); unavailable (the other end is gone).
[[nodiscard]] core::Result<ControlMessage> receive_control(int channel);

}  // namespace agent
