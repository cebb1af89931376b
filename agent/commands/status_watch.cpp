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

/// The latest that was heard, and what came instead of an answer since, if anything did.
struct Heard {
    std::optional<HealthReport> report;
    core::TimePoint at{};
    std::string trouble;
};

std::string frame_of(const Heard& heard, const TableStyle& style) {
    const std::string table = heard.report ? render_table(*heard.report, style) : "";
    if (heard.trouble.empty()) {
        return table + "\nas of " + core::rfc3339(heard.at.wall) +
               ", asked every 2 s; Ctrl-C ends this\n";
    }
    const std::string was =
        heard.report
            ? "What it said " + core::describe_age(now().boot - heard.at.boot) + " ago:\n\n" + table
            : "";
    return render_no_answer(heard.trouble, style) + "\n" + was + (was.empty() ? "" : "\n") +
           "asked every 2 s; Ctrl-C ends this\n";
}

void hear(Heard& heard, core::Result<AgentStatus> status) {
    heard.trouble = status ? "" : status.error().message;
    if (status) {
        heard.report = std::move(status->report);
        heard.at = now();
    }
}

}  // namespace

int watch_status_command(const core::Settings& settings) {
    if (!stdout_is_terminal()) {
        std::fputs(
            "postfix-elb-agent: status --watch draws on a terminal, and standard output is none: "
            "leave --watch "
            "away to print it once\n",
            stderr);
        return exit_unknown;
    }
    Heard heard;
    Screen screen(exit_unknown);
    for (;;) {
        hear(heard, ask_status(settings));
        screen.leave_with(heard.trouble.empty() ? exit_status(heard.report->status) : exit_unknown);
        const core::BootTime next = now().boot + every;
        for (core::BootTime left = every; left.count() > 0; left = next - now().boot) {
            screen.draw(frame_of(heard, style_of_stdout()));
            screen.wait(left);
        }
    }
}

}  // namespace agent
