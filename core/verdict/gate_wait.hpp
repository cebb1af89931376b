// SPDX-License-Identifier: Apache-2.0
// How long the start of Postfix waits for an agent that is starting: `postfix-elb-agent gate
// --unit`.
#pragma once

#include "core/base/time.hpp"
#include "core/model/unit_properties.hpp"

#include <chrono>
#include <string>

namespace core {

/// Whether the unit starts, or has a start job: a job of a unit that is down can only start it. A
/// unit that waits for its restart is "activating".
[[nodiscard]] bool is_starting(const StartingUnit& unit);

class GateWait {
   public:
    /// `now`: the start of the gate. All times here are of CLOCK_MONOTONIC.
    GateWait(Duration longest, std::chrono::microseconds now) : longest_(longest), began_(now) {}

    /// Whether to go on waiting. `longest` counts from the start of the agent or of the gate, the
    /// earlier one: restarts of the agent do not extend it.
    [[nodiscard]] bool goes_on(const StartingUnit& unit, std::chrono::microseconds now);

    /// One line: why and until when it waits. Constant while the unit's status is.
    [[nodiscard]] std::string text(const StartingUnit& unit) const;

   private:
    Duration longest_;
    std::chrono::microseconds began_;
};

}  // namespace core
