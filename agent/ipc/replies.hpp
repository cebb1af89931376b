// SPDX-License-Identifier: Apache-2.0
// Replies that are not facts of core, and the encoding of all replies: CBOR of the structs' fields
// by name.
#pragma once

#include "core/base/result.hpp"
#include "core/model/facts.hpp"
#include "core/model/queue_census.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace agent {

/// Answer to open_maillog and open_old_maillog. The descriptor travels beside it when state is
/// opened.
struct MaillogOpened {
    enum class State { opened, unchanged, missing, unreadable };
    State state = State::missing;
    std::string path;   ///< what was opened or looked for
    std::string error;  ///< one line, when unreadable
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};

/// Answer to plan_relink.
struct RelinkPlanReply {
    std::vector<std::string> steps;  ///< one line each, in order; empty: nothing to do
    std::vector<std::string> notes;
    std::string refusal;  ///< "" if not refused
    core::Remedy remedy;
    bool waiting = false;
    bool only_claim =
        false;  ///< the queue and the link are right; only the id is not owned by this process
};

/// Answer to read_identity: the files that may name this instance, as they are; "" if absent or
/// unreadable.
struct IdentityFiles {
    std::string dmi_asset_tag;  ///< /sys/devices/virtual/dmi/id/board_asset_tag
    std::string remembered;  ///< /run/postfix-elb-agent/instance-id: what the metadata service said
                             ///< in this boot
    std::string cloud_init;  ///< /run/cloud-init/.instance-id
};

/// Reply to read_journal: the mail log of this boot after the position of the request. Each line is
/// as in a log file:
/// "<RFC 3339 with microseconds> <host> <tag>[<pid>]: <text>", without its newline.
struct JournalRead {
    enum class State {
        reading,
        absent,  ///< this host keeps no journal, or none of this boot
        lost,    ///< it was read and no longer can be
    };
    State state = State::absent;
    std::string error;                ///< one line, when lost; when absent perhaps why
    std::vector<std::string> starts;  ///< lines of root about a start of Postfix
    std::vector<std::string> lines;   ///< all lines of Postfix, where the request wants them
    bool more = false;                ///< ask again
    std::string position;             ///< after this slice; for the next request
};

/// Answer to begin_census and continue_census.
struct CensusProgress {
    std::uint64_t operations = 0;  ///< of the file system, in this slice
    std::chrono::milliseconds pause{
        0};  ///< to wait before asking on: the budget is used up until then
    std::optional<core::QueueCensus> census;  ///< once it is finished; until then ask on
};

/// Answer to what has none.
struct Nothing {};

template <class T>
[[nodiscard]] std::vector<std::uint8_t> encode(const T& reply);

/// An error (malformed) if the bytes are not an encoded T.
template <class T>
[[nodiscard]] core::Result<T> decode(std::span<const std::uint8_t> bytes);

}  // namespace agent
