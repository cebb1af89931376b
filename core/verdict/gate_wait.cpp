// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/gate_wait.hpp"

#include "core/base/duration.hpp"

#include <algorithm>

namespace core {

bool is_starting(const StartingUnit& unit) {
    const bool is_down = unit.active_state == "inactive" || unit.active_state == "failed";
    return unit.active_state == "activating" || (is_down && unit.has_job);
}

bool GateWait::goes_on(const StartingUnit& unit, std::chrono::microseconds now) {
    if (!is_starting(unit)) {
        return false;
    }
    if (unit.active_state == "activating" && unit.left_inactive.count() > 0) {
        began_ = std::min(began_, unit.left_inactive);
    }
    return now - began_ < longest_;
}

std::string GateWait::text(const StartingUnit& unit) const {
    return "waiting for postfix-elb-agent.service, which is starting, until " +
           format_duration(longest_) + " (mount.wait) after it began" +
           (unit.status.empty() ? std::string() : ": " + unit.status);
}

}  // namespace core
