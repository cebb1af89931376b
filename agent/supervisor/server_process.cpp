// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/server_process.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

namespace agent {

core::Result<void> ServerProcess::start(ServerInputs inputs) {
    auto channel = make_channel();
    if (!channel) {
        return channel.error();
    }
    control_ = std::move(channel->first);
    inputs.control = std::move(channel->second);
    inputs.parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) {
        return core::system_error(errno, "start", "the server");
    }
    if (pid_ == 0) {
        ::_exit(run_server(std::move(inputs)));
    }
    return {};
}

std::optional<ControlMessage> ServerProcess::receive() {
    auto message = receive_control(control());
    if (message) {
        return std::move(*message);
    }
    if (message.error().code == core::Errc::unavailable) {
        control_.reset();  // its exit status comes with SIGCHLD
    }
    return std::nullopt;
}

void ServerProcess::drain(core::Duration delay) {
    is_draining_ = true;
    kill_at_ = std::min(kill_at_, now().boot + delay + grace);
    if (!send(ControlKind::drain)) {
        kill_at_ = now().boot;
    }
}

void ServerProcess::kill_if_due(core::BootTime now) {
    if (kill_at_ <= now && pid_ > 0) {
        log(Priority::error, "the server did not end in time; killing it");
        ::kill(pid_, SIGKILL);
        kill_at_ = core::BootTime::max();
    }
}

bool ServerProcess::ended(const ChildExit& child) {
    if (child.pid != pid_) {
        return false;
    }
    pid_ = -1;
    exit_status_ = is_draining_ && child.is_clean() ? 0 : 1;
    if (*exit_status_ != 0) {
        log(Priority::error, "the server " + child.text() + "; ending");
    }
    return true;
}

}  // namespace agent
