// SPDX-License-Identifier: Apache-2.0
// What the logs say of the starts of Postfix, one log at a time and together.
#pragma once

#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

namespace core {

/// The latest start that the log tells of was refused or failed.
[[nodiscard]] bool failed_last(const StartupLogFacts& log);

/// And it was not an operator's second start beside a master that stood.
[[nodiscard]] bool is_uncured(const StartupLogFacts& log);

/// A host may keep the same lines twice, in a file and in the journal, with stamps of different precision; each of the
/// two may lack lines that the other has. A failure stands if one of them has it uncured and the other tells of no
/// start after it. A source that does not exist says nothing as long as the other does; one that is lost is said to be.
[[nodiscard]] StartupLogFacts merge(const StartupLogFacts& file, const StartupLogFacts& journal);

/// Whether it is to be asked who holds the lock on the pid file: a start stands refused and no master is proven, or one
/// is, and the lock that it seems to hold may be lost at the file server.
[[nodiscard]] bool lock_matters(const Facts& facts, const Settings& settings);

}  // namespace core
