// SPDX-License-Identifier: Apache-2.0
// Every check once, now, without a daemon: for `check` and `doctor`.
#pragma once

#include "core/base/result.hpp"
#include "core/model/settings.hpp"
#include "core/verdict/verdict.hpp"

namespace agent {

/// The verdict of a single round. Errors: those of ForegroundWorkers::run(); unavailable (the host
/// worker did not answer).
[[nodiscard]] core::Result<core::Verdict> check_once(const core::Settings& settings);

}  // namespace agent
