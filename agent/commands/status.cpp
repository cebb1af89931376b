// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/ask_status.hpp"
#include "agent/commands/commands.hpp"
#include "agent/commands/exit_status.hpp"
#include "agent/report/terminal.hpp"

#include <cstdio>

namespace agent {

int status_command(const core::Settings& settings, bool json) {
    const auto status = ask_status(settings);
    if (!status) {
        std::fprintf(stderr, "postfix-elb-agent: %s\n", status.error().message.c_str());
        return exit_unknown;
    }
    std::fputs((json ? status->body : render_table(status->report, style_of_stdout())).c_str(),
               stdout);
    return exit_status(status->report.status);
}

}  // namespace agent
