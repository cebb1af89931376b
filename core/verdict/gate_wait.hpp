// SPDX-License-Identifier: Apache-2.0
// How long the start of Postfix waits for the agent, which is still starting: `postfix-elb-agent
// gate --unit`.
#pragma once

#include "core/base/time.hpp"
#include "core/model/unit_properties.hpp"

#include <chrono>
#include <string>

namespace core {

/// It starts, or is about to: a job of a unit that is down can only start it. One that waits to be
/// restarted by systemd is "activating".
[[nodiscard]] bool is_starting(const StartingUnit& unit);

class GateWait {
   public:
    /// `now` is when the gate was asked, on CLOCK_MONOTONIC as everything here.
    GateWait(Duration longest, std::chrono::microseconds now) : longest_(longest), began_(now) {}

    /// Whether to wait on. `longest` counts from when the agent began to start, or from when the
    /// gate was asked where that is earlier: an agent that is restarted again and again does not
    /// make it longer.
    [[nodiscard]] bool goes_on(const StartingUnit& unit, std::chrono::microseconds now);

    /// Why it waits and until when, in one line; the same as long as the unit's status is.
    [[nodiscard]] std::string words(const StartingUnit& unit) const;

   private:
    Duration longest_;
    std::chrono::microseconds began_;
};

}  // namespace core
