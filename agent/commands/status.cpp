// SPDX-License-Identifier: Apache-2.0
#include "agent/clock.hpp"
#include "agent/commands/commands.hpp"
#include "agent/commands/exit_status.hpp"
#include "agent/commands/http_get.hpp"
#include "agent/server/health_json.hpp"

#include <cstdio>
#include <optional>

namespace agent {
namespace {

int cannot_tell(const core::Error& error) {
    std::fprintf(stderr, "postfix-elb-agent: %s\n", error.message.c_str());
    return exit_unknown;
}

/// Absent where only that cannot be told: health can.
std::optional<core::Status> readiness(const core::Settings& settings) {
    const auto body = get_from_agent(settings.listen, "/readyz");
    const auto ready = body ? parse_health(*body, now().wall) : core::Result<HealthReport>(body.error());
    return ready ? std::optional(ready->status) : std::nullopt;
}

}  // namespace

int status_command(const core::Settings& settings, bool json) {
    const auto body = get_from_agent(settings.listen, "/health?pretty");
    if (!body) {
        return cannot_tell(body.error());
    }
    auto report = parse_health(*body, now().wall);
    if (!report) {
        return cannot_tell(report.error());
    }
    report->ready = readiness(settings);
    std::fputs(json ? body->c_str() : render_table(*report).c_str(), stdout);
    return exit_status(report->status);
}

}  // namespace agent
