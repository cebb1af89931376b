// SPDX-License-Identifier: Apache-2.0
// Excuses failures that are no reason to replace this instance: they warn at /health and fail at
// /readyz.
#pragma once

#include "core/base/time.hpp"
#include "core/checks/checks.hpp"
#include "core/verdict/fault_attribution.hpp"

#include <chrono>
#include <optional>

namespace core {

/// For a unit that systemd restarts for ever; TimeoutStartSec ends a single start. A start with a
/// long queue takes minutes, because Postfix examines every message first.
inline constexpr std::chrono::minutes longest_restart{15};
inline constexpr std::chrono::minutes restart_is_over{2};

/// After an outage the lock on the id is claimed again, and the checks must pass again.
inline constexpr std::chrono::minutes longest_recovery{1};

class Excuses {
   public:
    /// Sets the excuse of each finding.
    /// `shared_fault`: faults that an outage explains, while the mount's fault is excused, and
    /// after it until nothing fails, for longest_recovery at most. `restarting`: at the request of
    /// a check, for longest_restart, if this instance has served. A master that ends within
    /// restart_is_over does not restart that time. `has_master`: it has served, or a proven master
    /// works (the agent was restarted in an outage). Without one a missing master is not excused.
    /// Why: a slow mount must not hide a bad boot.
    void grant(Findings& findings, const MountFaultTracker& mount, bool has_served, bool has_master,
               TimePoint now);

   private:
    [[nodiscard]] bool outage_is_excused(const Findings& findings, const MountFaultTracker& mount,
                                         TimePoint now);

    std::optional<BootTime> outage_seen_;  ///< the latest; until its consequences are over
    std::optional<BootTime> restarting_since_;
    BootTime restarting_until_{};  ///< the latest request
};

}  // namespace core
