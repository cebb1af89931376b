// SPDX-License-Identifier: Apache-2.0
// The text and the remedy of an attributed fault. Why: the checks do not have the file server's
// answer.
#pragma once

#include "core/checks/checks.hpp"
#include "core/verdict/fault_attribution.hpp"

namespace core {

/// Appends the file server's state to the output of the mount's finding, and replaces its remedy if
/// a better one is known. Changes only `hung` and `io_error`, and only while the tracker attributes
/// the fault; ignores answers from before it. To be called once per verdict, after the excuses are
/// granted and before the headline is made.
[[nodiscard]] Finding attributed(Finding finding, const MountFaultTracker& tracker,
                                 const Facts& facts, const Settings& settings);

}  // namespace core
