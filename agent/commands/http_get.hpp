// SPDX-License-Identifier: Apache-2.0
// One GET of the running agent's own listener.
#pragma once

#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <string>

namespace agent {

/// The body, with any HTTP status (/health answers 503 with a body that has the reason).
/// Errors: refused (no listener), timed_out, malformed, unavailable.
[[nodiscard]] core::Result<std::string> get_from_agent(const core::Settings::Listen& listen,
                                                       const std::string& path);

}  // namespace agent
