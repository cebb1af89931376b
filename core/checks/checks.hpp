// SPDX-License-Identifier: Apache-2.0
// Facts and settings to one finding per check. Pure: no clock, no file, no state; hysteresis comes
// after (core/verdict/hysteresis.hpp).
#pragma once

#include "core/base/result.hpp"
#include "core/checks/finding.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

namespace core {

/// All checks. Where one of them is the cause that the others follow from, their remedies point to
/// it.
[[nodiscard]] Findings run_checks(const Facts& facts, const Settings& settings, TimePoint now);

/// The one that speaks for all: the worst status, and of several the one nearest to the cause
/// (core/verdict/verdict.hpp).
[[nodiscard]] const Finding& worst_of(const Findings& findings);

/// Whether whom the locks belong to is for the file server to say: NFS version 4, whose locks are
/// never local ones (nfs(5), local_lock).
[[nodiscard]] bool server_keeps_locks(const Facts& facts);

/// The master(8) proven to work in this instance's own queue: the executable, the working directory
/// and the lock on pid/master.pid all agree. nullptr if there is none. One that came to work there
/// through a mount that was replaced since (its working directory reads "/<instance-id>") is proven
/// by a lock on the very inode of the pid file.
[[nodiscard]] const ProcessFacts* proven_master(const Facts& facts, const Settings& settings);

/// Whether the relink, and with it Postfix, waits for cloud-init to have run user data
/// (queue.after_user_data). Not to know is to wait.
[[nodiscard]] bool awaits_user_data(const Facts& facts, const Settings& settings);

/// May Postfix start now? The question of `postfix-elb-agent gate`. An error says why not, in one
/// line.
[[nodiscard]] Result<void> may_start(const Facts& facts, const Settings& settings, TimePoint now);

}  // namespace core
