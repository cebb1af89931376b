// SPDX-License-Identifier: Apache-2.0
// Makes one finding per check from facts and settings. Pure: no clock, no file, no state.
// Hysteresis comes after (core/verdict/hysteresis.hpp).
#pragma once

#include "core/base/result.hpp"
#include "core/checks/finding.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

namespace core {

/// Runs all checks. Remedies of consequences point to the check that is their cause.
[[nodiscard]] Findings run_checks(const Facts& facts, const Settings& settings, TimePoint now);

/// The finding with the worst status; among equals, the one nearest to the cause (cause_rank()).
[[nodiscard]] const Finding& worst_of(const Findings& findings);

/// Whether the file server keeps the locks: NFS version 4 (see is_nfs4()).
[[nodiscard]] bool server_keeps_locks(const Facts& facts);

/// The master(8) proven to work in this instance's own queue: the executable, the working directory
/// and the lock on pid/master.pid all agree. nullptr if there is none. If its mount was replaced,
/// its working directory reads "/<instance-id>", and a lock on the inode of the pid file proves it.
[[nodiscard]] const ProcessFacts* proven_master(const Facts& facts, const Settings& settings);

/// When the process was started. proc_pid_stat(5) counts clock ticks since boot, of which Linux
/// shows 100 a second (USER_HZ).
[[nodiscard]] BootTime started_at(const ProcessFacts& process);

/// Whether the relink, and with it Postfix, waits until cloud-init has run user data
/// (queue.after_user_data). It waits also while that is unknown.
[[nodiscard]] bool awaits_user_data(const Facts& facts, const Settings& settings);

/// Whether Postfix may start now, for `postfix-elb-agent gate`. The error is one line: why not.
[[nodiscard]] Result<void> may_start(const Facts& facts, const Settings& settings, TimePoint now);

}  // namespace core
