// SPDX-License-Identifier: Apache-2.0
// The starts of Postfix that the logs report, each log alone and both together.
#pragma once

#include "core/model/facts.hpp"

namespace core {

/// The latest start in the log was refused or failed.
[[nodiscard]] bool failed_last(const StartupLogFacts& log);

/// And it was not an operator's second start beside a running master.
[[nodiscard]] bool is_uncured(const StartupLogFacts& log);

/// A host may keep the same lines twice, in a file and in the journal, with stamps of different
/// precision; each of the two may lack lines that the other has. A failure counts if one of them
/// has it uncured and the other has no start after it. A missing source is ignored as long as the
/// other exists; a lost one is reported.
[[nodiscard]] StartupLogFacts merge(const StartupLogFacts& file, const StartupLogFacts& journal);

}  // namespace core
