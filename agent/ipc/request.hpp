// SPDX-License-Identifier: Apache-2.0
// What the unprivileged server may ask of a worker: an operation of a closed set and a few numbers.
// No path, no command, nothing of variable length but the instance id, which the worker validates
// again, and the last words, which are only ever written down: a server that was taken over can ask
// for what it would have been told anyway.
#pragma once

#include "core/base/result.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace agent {

enum class Operation : std::uint32_t {
    // host worker
    observe_host = 1,  ///< -> core::HostFacts; uses pid, and inode: that of the pid file
    open_maillog =
        2,  ///< -> MaillogOpened and a descriptor, unless (device, inode) is already what is there
    open_old_maillog =
        3,  ///< -> MaillogOpened and a descriptor of the latest rotated, uncompressed file
    read_identity = 4,  ///< -> IdentityFiles
    // mount worker
    probe_mount = 16,       ///< -> core::MountFacts
    plan_relink = 17,       ///< -> RelinkPlanReply; writes nothing
    continue_relink = 18,   ///< -> core::RelinkProgress after one slice of work
    ask_lock = 19,          ///< -> core::LockFacts
    write_last_words = 20,  ///< -> Nothing; uses text
    begin_census =
        21,  ///< -> CensusProgress after one slice of work; what was begun before is dropped
    continue_census = 22,  ///< the same of the one that was begun
    // systemd worker
    observe_systemd = 32,  ///< -> core::SystemdFacts; never waits for systemd
    ask_systemd = 33,      ///< the same, and systemd is asked anew: to be observed until settled
    read_journal = 34,     ///< -> JournalRead, one slice; uses text: a JournalPosition
};

inline constexpr std::size_t max_id_length = 255;
inline constexpr std::size_t max_text_length = 4096;

struct Request {
    std::uint32_t sequence = 0;  ///< echoed in the reply; a late reply is told by it
    Operation operation{};
    std::int32_t pid = 0;
    std::uint32_t id_length = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t text_length = 0;
    std::array<char, max_id_length + 1> id{};
    std::array<char, max_text_length> text{};

    [[nodiscard]] std::string_view instance_id() const { return {id.data(), id_length}; }
    [[nodiscard]] std::string_view words() const { return {text.data(), text_length}; }
};

/// What goes over the wire: the struct as it stands (both ends are one program). Valid as long as
/// the request lives.
[[nodiscard]] std::span<const std::uint8_t> encode_request(const Request& request);

/// The worker's side: size, operation, pid, id and text are checked before anything is done with
/// them. The id must be a literal that core::validate_literal_id accepts; it may be empty where
/// only looking is asked for. The text may hold no control characters. Error: malformed.
[[nodiscard]] core::Result<Request> decode_request(std::span<const std::uint8_t> bytes);

}  // namespace agent
