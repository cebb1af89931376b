// SPDX-License-Identifier: Apache-2.0
#include "agent/bind_listener.hpp"
#include "agent/commands/commands.hpp"
#include "agent/log.hpp"
#include "agent/privileges.hpp"
#include "agent/supervisor.hpp"
#include "agent/version.hpp"

#include <unistd.h>

namespace agent {
namespace {

int give_up(const std::string& why) {
    log(Priority::error, why);
    return 1;
}

}  // namespace

int serve_command(const config::LoadRequest& request, config::Loaded loaded) {
    if (::geteuid() != 0) {
        return give_up(
            "serve must be started as root: it relinks the queue as root, and serves as an unprivileged user");
    }
    auto account = find_account(loaded.settings.user);
    if (!account) {
        return report_settings_errors(Command::serve, {{"settings", "user", account.error().message}});
    }
    if (const auto made = make_runtime_directory(); !made) {
        return give_up(made.error().message);
    }
    auto listener = bind_listener(loaded.settings.listen.address, loaded.settings.listen.port);
    if (!listener) {
        return give_up(listener.error().message);
    }
    log(Priority::notice, std::string("version ") + version() + " serves on " + name_of(listener->get()));
    SupervisorInputs inputs{request, std::move(loaded), *account, std::move(*listener)};
    return run_supervisor(std::move(inputs));
}

}  // namespace agent
