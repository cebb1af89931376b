// SPDX-License-Identifier: Apache-2.0
#include "agent/ipc/frame.hpp"

#include <cstring>
#include <string>

namespace agent {
namespace {

constexpr std::uint8_t is_reply = 0;
constexpr std::uint8_t is_error = 1;
constexpr std::uint8_t is_events = 2;
constexpr std::size_t head_size = sizeof(std::uint32_t) + 1;

std::vector<std::uint8_t> frame(std::uint32_t sequence, std::uint8_t kind, const void* data,
                                std::size_t size) {
    std::vector<std::uint8_t> bytes(head_size + size);
    std::memcpy(bytes.data(), &sequence, sizeof sequence);
    bytes[sizeof sequence] = kind;
    if (size > 0) {
        std::memcpy(bytes.data() + head_size, data, size);
    }
    return bytes;
}

}  // namespace

std::vector<std::uint8_t> frame_reply(std::uint32_t sequence, std::span<const std::uint8_t> reply) {
    return frame(sequence, is_reply, reply.data(), reply.size());
}

std::vector<std::uint8_t> frame_error(std::uint32_t sequence, std::string_view text) {
    return frame(sequence, is_error, text.data(), text.size());
}

std::vector<std::uint8_t> frame_events(WorkerEvents events) {
    return frame(0, is_events, &events, sizeof events);
}

core::Result<Frame> parse_frame(std::span<const std::uint8_t> bytes) {
    const core::Error malformed{
        core::Errc::malformed,
        "a worker's reply of " + std::to_string(bytes.size()) + " bytes is no reply"};
    if (bytes.size() < head_size || bytes[sizeof(std::uint32_t)] > is_events) {
        return malformed;
    }
    std::uint32_t sequence = 0;
    std::memcpy(&sequence, bytes.data(), sizeof sequence);
    const auto payload = bytes.subspan(head_size);
    if (bytes[sizeof sequence] == is_events) {
        WorkerEvents events = 0;
        if (payload.size() != sizeof events) {
            return malformed;
        }
        std::memcpy(&events, payload.data(), sizeof events);
        return Frame{0, std::vector<std::uint8_t>(), events};
    }
    if (bytes[sizeof sequence] == is_error) {
        return Frame{sequence,
                     core::Error{core::Errc::refused, std::string(payload.begin(), payload.end())}};
    }
    return Frame{sequence, std::vector<std::uint8_t>(payload.begin(), payload.end())};
}

}  // namespace agent
