// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/fault_attribution.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

using Answer = FileServerFacts::Answer;
using namespace std::chrono_literals;

struct Row {
    MountFault fault;
    std::string_view name;
    Duration ask_every;  ///< meaningless for none
};
constexpr std::array rows{
    Row{MountFault::none, "none", 0s},
    Row{MountFault::instance, "instance", 30s},
    Row{MountFault::shared, "shared", 15s},
    Row{MountFault::unknown, "unknown", 15s},
};
constexpr Duration ask_tunnel_every = 60s;
constexpr Duration ask_again_soon = 1s;  // this host could not ask
constexpr int unknown_deadlines = 2;

const Row& row_of(MountFault fault) {
    return *std::ranges::find(rows, fault, &Row::fault);
}

bool is_silence(const FileServerFacts& server) {
    return server.answer == Answer::silent ||
           (server.answer == Answer::refused && !server.loopback);
}

}  // namespace

std::string_view to_string(MountFault fault) noexcept {
    return row_of(fault).name;
}

MountFault MountFaultTracker::observe(MountCondition condition, const Facts& facts,
                                      const Settings& settings, TimePoint now) {
    MountFault fault = MountFault::none;
    if (condition == MountCondition::works) {
        began_.reset();
        answered_ = false;
    } else {
        began_ = began_.value_or(now);
        remember(facts.file_server);
        fault = attribute(facts, settings, now);
    }
    if (fault != fault_ || !since_) {
        since_ = now;
    }
    fault_ = fault;
    const bool excusable = fault == MountFault::shared || fault == MountFault::unknown;
    excused_ = excusable && now.boot - began_->boot < settings.shared_fault.hold;
    return fault_;
}

void MountFaultTracker::remember(const Observed<FileServerFacts>& server) {
    if (!server.value || server.value->answer == Answer::not_asked ||
        server.at.boot < began_->boot) {
        return;
    }
    answered_ = true;
    if (is_silence(*server.value)) {
        silent_at_ = server.at.boot;
    }
}

MountFault MountFaultTracker::attribute(const Facts& facts, const Settings& settings,
                                        TimePoint now) const {
    const Duration lasted = now.boot - began_->boot;
    if (!facts.mount_worked) {
        return MountFault::instance;
    }
    if (silent_at_ && now.boot - *silent_at_ < reconnect_time) {
        return MountFault::shared;
    }
    return !answered_ && lasted < unknown_deadlines * file_server_deadline(settings)
               ? MountFault::unknown
               : MountFault::instance;
}

bool ask_is_due(const MountFaultTracker& tracker, const Observed<FileServerFacts>& latest,
                TimePoint now) {
    if (!tracker.began()) {
        return false;
    }
    if (!latest.value || latest.at.boot < tracker.began()->boot) {
        return true;
    }
    if (latest.value->answer == Answer::not_asked) {
        return now.boot - latest.at.boot >= ask_again_soon;
    }
    const Duration pause =
        latest.value->loopback ? ask_tunnel_every : row_of(tracker.fault()).ask_every;
    return now.boot - latest.at.boot >= pause;
}

}  // namespace core
