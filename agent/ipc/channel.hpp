// SPDX-License-Identifier: Apache-2.0
// Datagrams over a Unix SOCK_SEQPACKET pair, each with at most one descriptor beside it
// (SCM_RIGHTS, unix(7)).
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace agent {

inline constexpr std::size_t max_message_size = 64 * 1024;

struct Message {
    std::vector<std::uint8_t> bytes;  ///< empty: the other end is gone
    FileDescriptor descriptor;        ///< empty unless one was sent
};

/// A connected pair, close-on-exec.
[[nodiscard]] core::Result<std::pair<FileDescriptor, FileDescriptor>> make_channel();

/// Sends one datagram; never waits. Errors: unavailable (the other end is gone), locked (it does
/// not read and the channel is full).
[[nodiscard]] core::Result<void> send_message(int channel, std::span<const std::uint8_t> bytes,
                                              int descriptor = -1);

/// Receives one datagram; waits unless the descriptor is non-blocking (then `locked`).
/// A datagram over max_message_size is an error (malformed).
[[nodiscard]] core::Result<Message> receive_message(int channel);

}  // namespace agent
