// SPDX-License-Identifier: Apache-2.0
// Makes the two answers for load balancers from findings over time. Holds the only state of the
// decision: hysteresis, excuses, and whether this instance ever passed.
#pragma once

#include "core/checks/checks.hpp"
#include "core/verdict/excuses.hpp"
#include "core/verdict/fault_attribution.hpp"
#include "core/verdict/hysteresis.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace core {

enum class Phase { starting, relinking, awaiting_postfix, serving, draining };
[[nodiscard]] std::string_view to_string(Phase phase) noexcept;

/// The verdict of one round. HTTP, metrics and the log report it until the next.
struct Verdict {
    Phase phase = Phase::starting;
    Status health = Status::fail;  ///< /health: fail means replace; pass and warn are 200
    Status ready = Status::fail;   ///< /readyz: fail means route no mail; pass and warn are 200
    std::string output;  ///< "<check> <reason>: ..." of the worst finding; "" when health passes
    std::string ready_output;  ///< why /readyz fails although /health does not; "" otherwise
    MountFault mount_fault = MountFault::none;
    Findings checks;          ///< a watched fault passes with an output, an excused one warns
    std::string instance_id;  ///< "" while unknown
    TimePoint at{};           ///< when the verdict was made
};

class Health {
   public:
    /// One round, per timer or event. `now` never goes back on the boot clock. Rounds within one
    /// checks.interval count once towards fail_after and pass_after, so that a burst of events
    /// about one restart of Postfix is one round.
    [[nodiscard]] Verdict evaluate(const Facts& facts, const Settings& settings, TimePoint now);

    /// The present fault of the mount, for core::ask_is_due().
    [[nodiscard]] const MountFaultTracker& mount_fault() const noexcept { return mount_fault_; }

    /// From now on /readyz fails and the phase is draining.
    void drain() { draining_ = true; }

   private:
    struct Memory {
        Hysteresis hysteresis;
        Finding good;             ///< the latest that passed or warned
        Finding bad;              ///< the latest that failed
        Finding counted;          ///< the latest that counted as a round of a streak
        TimePoint counted_at{};   ///< and when it did
        bool restarting = false;  ///< the latest failure requested that excuse
    };

    void remember_what_master_outlived(const Facts& facts, const Settings& settings);
    [[nodiscard]] Findings check(const Facts& facts, const Settings& settings, TimePoint now) const;
    [[nodiscard]] static Finding settle(Memory& memory, const Finding& seen,
                                        const Settings& settings, TimePoint now);
    [[nodiscard]] Phase phase(const Facts& facts) const;

    std::array<Memory, check_count> memory_;
    struct SeenFailure {
        StartFailure failure;
        BootTime first_seen{};
        bool outlived = false;  ///< a master was proven later: always harmless
    };

    std::optional<SeenFailure> failure_;  ///< the latest failed start
    MountFaultTracker mount_fault_;
    Excuses excuses_;
    bool served_ = false;
    bool draining_ = false;
};

}  // namespace core
