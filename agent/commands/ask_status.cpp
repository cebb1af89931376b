// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/ask_status.hpp"

#include "agent/base/clock.hpp"
#include "agent/commands/http_get.hpp"

#include <optional>
#include <utility>

namespace agent {
namespace {

/// Absent when only /readyz gave no answer.
std::optional<core::Status> readiness(const core::Settings& settings) {
    const auto body = get_from_agent(settings.listen, "/readyz");
    const auto ready =
        body ? parse_health(*body, now().wall) : core::Result<HealthReport>(body.error());
    return ready ? std::optional(ready->status) : std::nullopt;
}

}  // namespace

core::Result<AgentStatus> ask_status(const core::Settings& settings) {
    auto body = get_from_agent(settings.listen, "/health?pretty");
    if (!body) {
        return body.error();
    }
    auto report = parse_health(*body, now().wall);
    if (!report) {
        return report.error();
    }
    report->ready = readiness(settings);
    return AgentStatus{std::move(*body), std::move(*report)};
}

}  // namespace agent
