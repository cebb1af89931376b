// SPDX-License-Identifier: Apache-2.0
#include "agent/base/privileges.hpp"
#include "agent/commands/commands.hpp"
#include "config/print.hpp"

#include <algorithm>
#include <cstdio>

namespace agent {
namespace {

constexpr int settings_error = 78;

}  // namespace

config::LoadRequest load_request(const CommandLine& line) {
    config::LoadRequest request;
    request.file = line.settings_file.value_or(config::default_file);
    request.file_must_exist = line.settings_file.has_value();
    request.overrides = line.overrides;
    return request;
}

int report_settings_errors(Command command, const config::Problems& problems) {
    for (const config::Problem& problem : problems) {
        std::fprintf(stderr, "postfix-elb-agent: %s\n", config::to_string(problem).c_str());
    }
    switch (command) {
        case Command::check:
        case Command::status: return 3;
        case Command::gate: return 1;
        default: return settings_error;
    }
}

int config_check_command(const config::Loaded& loaded) {
    if (const auto account = find_account(loaded.settings.user); !account) {
        return report_settings_errors(Command::config_check,
                                      {{"settings", "user", account.error().message}});
    }
    const auto given = std::count_if(loaded.origins.begin(), loaded.origins.end(),
                                     [](const auto& origin) { return origin.second != "default"; });
    std::printf("the settings are valid: %ld given, %ld at their defaults\n",
                static_cast<long>(given),
                static_cast<long>(loaded.origins.size()) - static_cast<long>(given));
    return 0;
}

int config_print_command(const config::Loaded& loaded) {
    std::fputs(config::print(loaded).c_str(), stdout);
    return 0;
}

}  // namespace agent
