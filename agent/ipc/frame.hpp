// SPDX-License-Identifier: Apache-2.0
// The envelope of what a worker says: which request it answers, and whether it is an answer or an
// error; or, unasked, that something it watches has changed.
#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace agent {

/// An encoded reply (agent/ipc/replies.hpp), ready to be sent.
[[nodiscard]] std::vector<std::uint8_t> frame_reply(std::uint32_t sequence,
                                                    std::span<const std::uint8_t> reply);

/// "I will not, because …": an error in place of a reply.
[[nodiscard]] std::vector<std::uint8_t> frame_error(std::uint32_t sequence, std::string_view text);

/// The events of a worker, as bits of a WorkerEvents. A worker sends each kind once, then not again
/// until the server has made the request named beside it: a burst is one event.
namespace worker_event {
inline constexpr std::uint32_t mounts = 1;  ///< the mount table; ask observe_host
inline constexpr std::uint32_t link = 2;    ///< the directory of the queue link; ask observe_host
inline constexpr std::uint32_t master =
    4;  ///< a master ended, or one may have started; ask observe_host
inline constexpr std::uint32_t maillog =
    8;  ///< the log file was written to or replaced; ask open_maillog
inline constexpr std::uint32_t units = 16;  ///< the state of a unit of Postfix; ask observe_systemd
inline constexpr std::uint32_t journal =
    32;  ///< the journal has grown, was rotated or lost files; ask read_journal
}  // namespace worker_event
using WorkerEvents = std::uint32_t;

[[nodiscard]] std::vector<std::uint8_t> frame_events(WorkerEvents events);

struct Frame {
    std::uint32_t sequence = 0;  ///< 0 with events
    core::Result<std::vector<std::uint8_t>>
        reply;                ///< the encoded reply, or the worker's error (refused)
    WorkerEvents events = 0;  ///< not 0: sent without a request; there is no reply
};

/// An error (malformed) if the bytes are no frame.
[[nodiscard]] core::Result<Frame> parse_frame(std::span<const std::uint8_t> bytes);

}  // namespace agent
