// SPDX-License-Identifier: Apache-2.0
// Whose fault a dead mount is, in words, and what to do about it: the checks cannot know, for it is
// told only when the file server was asked.
#pragma once

#include "core/checks/checks.hpp"
#include "core/verdict/fault_attribution.hpp"

namespace core {

/// The mount's finding with what is known of the file server appended to its output and, where that
/// knows better than the table of reasons, another remedy. Any other finding, one that does not say
/// hung or io_error, and one whose fault the tracker calls none or unknown stay as they are, and
/// what the server answered before this fault began is not repeated. To be called once per verdict,
/// after excuses were granted and before a headline is made of it.
[[nodiscard]] Finding attributed(Finding finding, const MountFaultTracker& tracker,
                                 const Facts& facts, const Settings& settings);

}  // namespace core
