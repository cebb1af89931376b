// SPDX-License-Identifier: Apache-2.0
// Starts the units of Postfix that were refused, once Postfix may start. systemd is asked by a
// child of the supervisor that lives as long as that takes: the supervisor itself waits for nobody.
// Over the bus and not by systemctl(1): nothing is executed, and both ask systemd for the same job.
#pragma once

#include "agent/host/refused_units.hpp"
#include "core/base/time.hpp"

#include <sys/types.h>

namespace agent {

class DeferredStart {
   public:
    explicit DeferredStart(RefusedUnits marks = RefusedUnits()) : marks_(std::move(marks)) {}

    /// To be called whenever it is said that Postfix may start: does nothing where no mark stands,
    /// where systemd does not run this host, and for a while after the last try. Marks of what
    /// could not be started stay for the next.
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
