// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/check_once.hpp"
#include "agent/commands/commands.hpp"
#include "agent/commands/exit_status.hpp"
#include "agent/report/health_json.hpp"
#include "agent/report/terminal.hpp"
#include "agent/server/published_answers.hpp"

#include <cstdio>

namespace agent {

int check_command(const core::Settings& settings, bool json) {
    const auto verdict = check_once(settings);
    if (!verdict) {
        std::fprintf(stderr, "postfix-elb-agent: %s\n", verdict.error().message.c_str());
        return exit_unknown;
    }
    const std::string text = json ? render_health(*verdict, {HealthView::Kind::health},
                                                  JsonStyle::pretty, this_release())
                                  : render_table(report_of(*verdict), style_of_stdout());
    std::fputs(text.c_str(), stdout);
    return exit_status(verdict->health);
}

}  // namespace agent
