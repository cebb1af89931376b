// SPDX-License-Identifier: Apache-2.0
#include "agent/base/log.hpp"
#include "agent/base/privileges.hpp"
#include "agent/base/version.hpp"
#include "agent/commands/commands.hpp"
#include "agent/supervisor/listeners.hpp"
#include "agent/supervisor/supervisor.hpp"
#include "systemd/listen_fds.hpp"
#include "systemd/notify.hpp"

#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

namespace agent {
namespace {

int give_up(const std::string& why) {
    log(Priority::error, why);
    return 1;
}

std::vector<FileDescriptor> passed_sockets() {
    const systemd::PassedSockets passed = systemd::take_passed_sockets();
    for (const std::string& line : passed.refused) {
        log(Priority::error, line);
    }
    std::vector<FileDescriptor> sockets;
    for (const int descriptor : passed.listening) {
        sockets.emplace_back(descriptor);
    }
    return sockets;
}

}  // namespace

/// A service goes on while another process has the port: the queue is relinked and Postfix starts.
/// A command at a prompt beside a running agent fails at once.
int serve_command(const config::LoadRequest& request, config::Loaded loaded) {
    open_stderr_again();
    if (::geteuid() != 0) {
        return give_up(
            "serve must be started as root: it relinks the queue as root, and serves as an "
            "unprivileged user");
    }
    auto account = find_account(loaded.settings.user);
    if (!account) {
        return report_settings_errors(Command::serve,
                                      {{"settings", "user", account.error().message}});
    }
    if (const auto made = make_runtime_directory(); !made) {
        return give_up(made.error().message);
    }
    Listeners listeners = open_listeners(loaded, passed_sockets());
    if (!listeners.warning.empty()) {
        log(Priority::warning, listeners.warning);
    }
    if (!listeners.unbound.empty()) {
        if (!systemd::manager_listens()) {
            return give_up(listeners.unbound);
        }
        log(Priority::error,
            listeners.unbound + " (trying again; the queue is relinked all the same)");
    }
    log(Priority::notice,
        std::string("version ") + version() + " serves on " + names_of(listeners.sockets));
    return run_supervisor(
        {request, std::move(loaded), *account, std::move(listeners.sockets), listeners.unbound});
}

}  // namespace agent
