// SPDX-License-Identifier: Apache-2.0
// Tells people of changes: one log line when a verdict changes, the service manager's status line, and once that the
// queue is this instance's own.
#pragma once

#include "core/health.hpp"

#include <string>

namespace agent {

class Announcer {
   public:
    /// `control` is the channel to the supervisor (agent/control.hpp), and outlives this.
    explicit Announcer(int control) : control_(control) {}

    void announce(const core::Verdict& verdict);

   private:
    int control_;
    bool ready_ = false;
    std::string last_essence_;
    std::string last_line_;
};

}  // namespace agent
