// SPDX-License-Identifier: Apache-2.0
// Starts the units of Postfix that were refused, once Postfix may start. A child of the
// supervisor asks systemd and ends when the reply arrives: the supervisor itself does not wait.
// Over the bus and not by systemctl(1): nothing is executed, and both ask systemd for the same job.
#pragma once

#include "agent/host/refused_units.hpp"
#include "core/base/time.hpp"

#include <sys/types.h>

namespace agent {

class DeferredStart {
   public:
    explicit DeferredStart(RefusedUnits marks = RefusedUnits()) : marks_(std::move(marks)) {}

    /// To be called on each report that Postfix may start. Does nothing without a mark, on a host
    /// without systemd, and for a while after the last try. The mark of a unit that could not be
    /// started stays for the next call.
    void try_now(core::BootTime now);

    /// A child of this process has ended. Whether it was of this.
    [[nodiscard]] bool ended(pid_t pid);

   private:
    RefusedUnits marks_;
    pid_t child_ = -1;
    core::BootTime next_try_{0};
};

/// What the child does: every mark's unit, one after another. Says a line for each.
void start_refused(const RefusedUnits& marks);

}  // namespace agent
