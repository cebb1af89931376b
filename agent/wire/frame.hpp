// SPDX-License-Identifier: Apache-2.0
// The envelope of a worker's reply: which request it answers, and whether it is an answer or an error.
#pragma once

#include "core/result.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace agent {

/// An encoded reply (agent/wire/replies.hpp), ready to be sent.
[[nodiscard]] std::vector<std::uint8_t> frame_reply(std::uint32_t sequence, std::span<const std::uint8_t> reply);

/// "I will not, because …": an error in place of a reply.
[[nodiscard]] std::vector<std::uint8_t> frame_error(std::uint32_t sequence, std::string_view text);

struct Frame {
    std::uint32_t sequence = 0;
    core::Result<std::vector<std::uint8_t>> reply;  ///< the encoded reply, or the worker's error (refused)
};

/// An error (malformed) if the bytes are no frame.
[[nodiscard]] core::Result<Frame> parse_frame(std::span<const std::uint8_t> bytes);

}  // namespace agent
