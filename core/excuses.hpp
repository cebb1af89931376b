// SPDX-License-Identifier: Apache-2.0
// Which failures are no reason to replace this instance. An excused failure warns at /health and fails at /readyz.
#pragma once

#include "core/checks.hpp"
#include "core/moment.hpp"
#include "core/mount_fault.hpp"

#include <chrono>
#include <optional>

namespace core {

/// systemd itself gives up a start that takes too long (TimeoutStartSec); this is for one that it starts again for
/// ever. A start with a long queue takes minutes: Postfix looks at every message first.
inline constexpr std::chrono::minutes longest_restart{15};
inline constexpr std::chrono::minutes restart_is_over{2};

class Excuses {
   public:
    /// Sets the excuse of each failing finding, `none` included: `shared_fault` while the fault of the mount is shared,
    /// or is not known to be the instance's own, of all that such a fault brings with it; `restarting`, which a check
    /// asks for, to an instance that has served before, for longest_restart.
    void grant(Findings& findings, bool mount_is_excused, bool has_served, Moment now);

   private:
    std::optional<BootTime> restarting_since_;
    BootTime restarting_until_{};  ///< when it was asked for last
};

}  // namespace core
