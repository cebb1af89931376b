// SPDX-License-Identifier: Apache-2.0
// What the logs say of the starts of Postfix, one log at a time and together.
#pragma once

#include "core/model/facts.hpp"

namespace core {

/// The latest start that the log tells of was refused or failed.
[[nodiscard]] bool failed_last(const StartupLogFacts& log);

/// And it was not an operator's second start beside a master that stood.
[[nodiscard]] bool is_uncured(const StartupLogFacts& log);

/// A host may keep the same lines twice, in a file and in the journal, with stamps of different
/// precision; each of the two may lack lines that the other has. A failure stands if one of them
/// has it uncured and the other tells of no start after it. A source that does not exist says
/// nothing as long as the other does; one that is lost is said to be.
[[nodiscard]] StartupLogFacts merge(const StartupLogFacts& file, const StartupLogFacts& journal);

}  // namespace core
