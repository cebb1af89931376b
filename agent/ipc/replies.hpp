// SPDX-License-Identifier: Apache-2.0
// Replies that are not facts of core. Every reply is a plain aggregate (agent/ipc/codec.hpp).
#pragma once

#include "core/base/remedy.hpp"
#include "core/model/queue_census.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace agent {

/// The descriptor travels beside it when the state is `opened`.
struct MaillogOpened {
    enum class State { opened, unchanged, missing, unreadable };
    State state = State::missing;
    std::string path;   ///< that was opened or not found
    std::string error;  ///< one line, when unreadable
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};

struct RelinkPlanReply {
    std::vector<std::string> steps;  ///< one line each, in order; empty: nothing to do
    std::vector<std::string> notes;
    std::string refusal;  ///< "" if not refused
    core::Remedy remedy;
    bool waiting = false;
    bool only_claim = false;  ///< queue and link are right; only this process does not own the id
};

/// The files that may name this instance, unchanged; "" for a file that is absent or unreadable.
struct IdentityFiles {
    std::string dmi_asset_tag;  ///< /sys/devices/virtual/dmi/id/board_asset_tag
    std::string remembered;     ///< /run/postfix-elb-agent/instance-id: the answer of the metadata
                                ///< service in this boot
    std::string cloud_init;     ///< /run/cloud-init/.instance-id
};

/// The mail log of this boot after the position of the request. Each line has the form of a log
/// file: "<RFC 3339 with microseconds> <host> <tag>[<pid>]: <text>", without its newline.
struct JournalRead {
    enum class State {
        reading,
        absent,  ///< this host keeps no journal, or none of this boot
        lost,    ///< it could be read earlier and cannot be now
    };
    State state = State::absent;
    std::string error;                ///< one line, when lost; when absent perhaps the cause
    std::vector<std::string> starts;  ///< lines of root about a start of Postfix
    std::vector<std::string> lines;   ///< all lines of Postfix, where the request wants them
    bool more = false;                ///< ask again
    std::string position;             ///< after this slice; for the next request
};

struct CensusProgress {
    std::uint64_t operations = 0;  ///< of the file system, in this slice
    std::chrono::milliseconds pause{
        0};  ///< wait so long before the next request: no budget is left
    std::optional<core::QueueCensus> census;  ///< once it is complete; until then ask again
};

/// The reply to an operation that returns no data.
struct Nothing {};

}  // namespace agent
