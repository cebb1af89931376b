// SPDX-License-Identifier: Apache-2.0
// postfix-elb-agent: parse the command line, load the settings, do what was asked.
#include "agent/commands/command_line.hpp"
#include "agent/commands/commands.hpp"
#include "config/load.hpp"

#include <cstdio>
#include <exception>

namespace {

int run(const agent::CommandLine& line) {
    const config::LoadRequest request = agent::load_request(line);
    auto loaded = config::load(request);
    if (line.command == agent::Command::doctor) {
        return agent::doctor_command(request, loaded, line.image, line.json);
    }
    if (!loaded) {
        return line.command == agent::Command::gate
                   ? agent::gate_without_settings(loaded.error(), line.unit)
                   : agent::report_settings_errors(line.command, loaded.error());
    }
    switch (line.command) {
        case agent::Command::serve: return agent::serve_command(request, std::move(*loaded));
        case agent::Command::check: return agent::check_command(loaded->settings, line.json);
        case agent::Command::relink: return agent::relink_command(loaded->settings, line.dry_run);
        case agent::Command::gate: return agent::gate_command(loaded->settings, line.unit);
        case agent::Command::status:
            return line.watch ? agent::watch_status_command(loaded->settings)
                              : agent::status_command(loaded->settings, line.json);
        case agent::Command::doctor: break;
        case agent::Command::nfs_identity: return agent::nfs_identity_command(loaded->settings);
        case agent::Command::config_check: return agent::config_check_command(*loaded);
        case agent::Command::config_print: return agent::config_print_command(*loaded);
    }
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const agent::ParsedCommandLine parsed = agent::parse_command_line(argc, argv);
        return parsed.command_line ? run(*parsed.command_line) : parsed.exit_status;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "postfix-elb-agent: unexpected: %s\n", error.what());
        return 1;
    }
}
