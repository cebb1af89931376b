// SPDX-License-Identifier: Apache-2.0
// Which failures are no reason to replace this instance. An excused failure warns at /health and
// fails at /readyz.
#pragma once

#include "core/base/time.hpp"
#include "core/checks/checks.hpp"
#include "core/verdict/fault_attribution.hpp"

#include <chrono>
#include <optional>

namespace core {

/// systemd itself gives up a start that takes too long (TimeoutStartSec); this is for one that it
/// starts again for ever. A start with a long queue takes minutes: Postfix looks at every message
/// first.
inline constexpr std::chrono::minutes longest_restart{15};
inline constexpr std::chrono::minutes restart_is_over{2};

/// After an outage the lock on the id is claimed again, and what was watched has to pass again.
inline constexpr std::chrono::minutes longest_recovery{1};

class Excuses {
   public:
    /// Sets the excuse of each failing finding, `none` included. `shared_fault`: while the fault of
    /// the mount is excused, of all that such a fault brings with it; and after it until nothing
    /// fails, for longest_recovery. `restarting`, which a check asks for: to an instance that has
    /// served before, for longest_restart; a master that comes up and is gone within
    /// restart_is_over does not begin it anew. `has_master`: whether it has served, or a proven
    /// master works, as where the agent was started again in an outage; without one, that there is
    /// none comes from no outage, and a bad boot is not hidden by a mount that was slow for a
    /// moment.
    void grant(Findings& findings, const MountFaultTracker& mount, bool has_served, bool has_master,
               TimePoint now);

   private:
    [[nodiscard]] bool outage_is_excused(const Findings& findings, const MountFaultTracker& mount,
                                         TimePoint now);

    std::optional<BootTime> outage_seen_;  ///< the latest; until all that it brought is over
    std::optional<BootTime> restarting_since_;
    BootTime restarting_until_{};  ///< when it was asked for last
};

}  // namespace core
