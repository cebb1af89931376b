// SPDX-License-Identifier: Apache-2.0
// What the running agent says of itself, asked over its own listener.
#pragma once

#include "agent/report/health_json.hpp"
#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <string>

namespace agent {

struct AgentStatus {
    std::string body;     ///< of /health, indented
    HealthReport report;  ///< the same, and the status of /readyz if it answered
};

/// Errors: those of get_from_agent() and parse_health().
[[nodiscard]] core::Result<AgentStatus> ask_status(const core::Settings& settings);

}  // namespace agent
