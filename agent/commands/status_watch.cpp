// SPDX-License-Identifier: Apache-2.0
#include "agent/base/clock.hpp"
#include "agent/commands/ask_status.hpp"
#include "agent/commands/commands.hpp"
#include "agent/commands/exit_status.hpp"
#include "agent/report/terminal.hpp"
#include "core/base/timestamp.hpp"

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

namespace agent {
namespace {

constexpr core::Duration every = std::chrono::seconds(2);

/// The last report, and the error since then; an empty error after a report.
struct Latest {
    std::optional<HealthReport> report;
    core::TimePoint at{};
    std::string error;
};

std::string frame_of(const Latest& latest, const TableStyle& style) {
    const std::string table = latest.report ? render_table(*latest.report, style) : "";
    if (latest.error.empty()) {
        return table + "\nas of " + core::rfc3339(latest.at.wall) +
               ", refreshed every 2 s; Ctrl-C ends this\n";
    }
    const std::string was =
        latest.report
            ? "Reported " + core::describe_age(now().boot - latest.at.boot) + " ago:\n\n" + table
            : "";
    return render_no_answer(latest.error, style) + "\n" + was + (was.empty() ? "" : "\n") +
           "refreshed every 2 s; Ctrl-C ends this\n";
}

void receive(Latest& latest, core::Result<AgentStatus> status) {
    latest.error = status ? "" : status.error().message;
    if (status) {
        latest.report = std::move(status->report);
        latest.at = now();
    }
}

}  // namespace

int watch_status_command(const core::Settings& settings) {
    if (!stdout_is_terminal()) {
        std::fputs(
            "postfix-elb-agent: status --watch needs a terminal; without --watch the status is "
            "printed once\n",
            stderr);
        return exit_unknown;
    }
    Latest latest;
    Screen screen(exit_unknown);
    for (;;) {
        receive(latest, ask_status(settings));
        screen.leave_with(latest.error.empty() ? exit_status(latest.report->status) : exit_unknown);
        const core::BootTime next = now().boot + every;
        for (core::BootTime left = every; left.count() > 0; left = next - now().boot) {
            screen.draw(frame_of(latest, style_of_stdout()));
            screen.wait(left);
        }
    }
}

}  // namespace agent
