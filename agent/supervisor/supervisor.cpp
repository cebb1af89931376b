// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/supervisor.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/base/log_sinks.hpp"
#include "agent/host/runtime_state.hpp"
#include "agent/http/bind_listener.hpp"
#include "agent/supervisor/current_settings.hpp"
#include "agent/supervisor/deferred_start.hpp"
#include "agent/supervisor/listeners.hpp"
#include "agent/supervisor/server_process.hpp"
#include "agent/supervisor/signals.hpp"
#include "agent/supervisor/workers.hpp"
#include "systemd/notify.hpp"

#include <poll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

namespace agent {
namespace {

/// What a busy machine may need beyond all other pauses, before the service manager takes us for
/// hung.
constexpr std::chrono::milliseconds stop_margin{5000};

void warn_of_failure(const core::Result<void>& result) {
    if (!result) {
        log(Priority::warning, result.error().message);
    }
}

class Supervisor {
   public:
    explicit Supervisor(SupervisorInputs inputs)
        : account_(inputs.account),
          listeners_(std::move(inputs.listeners)),
          pending_listener_(inputs.loaded.settings.listen, std::move(inputs.unbound)),
          settings_(std::move(inputs.request), std::move(inputs.loaded)),
          workers_(account_) {}

    int run();

   private:
    [[nodiscard]] core::Result<void> start();
    [[nodiscard]] int loop();
    [[nodiscard]] int time_to_next() const;
    void do_what_is_due();
    void on_signals();
    void on_message(const ControlMessage& message);
    void on_ready();
    void on_identity(const std::string& instance_id);
    void reap();
    void reload();
    void drain();
    void try_to_listen();
    void say_status();

    Account account_;
    std::vector<FileDescriptor> listeners_;  ///< until the server has them
    PendingListener pending_listener_;
    CurrentSettings settings_;
    RuntimeState memory_;
    DeferredStart deferred_start_;
    Signals signals_;
    Workers workers_;
    ServerProcess server_;
    std::string server_status_;  ///< one line, from the server
    bool is_ready_ = false;      ///< READY=1 was sent to the service manager
};

core::Result<void> Supervisor::start() {
    if (auto opened = signals_.open(); !opened) {
        return opened;
    }
    if (auto started = workers_.start(settings_.get()); !started) {
        return started;
    }
    ServerInputs inputs;
    inputs.settings = settings_.get();
    inputs.account = account_;
    inputs.listeners = std::move(listeners_);
    inputs.host_channel = workers_.take_channel(WorkerKind::host);
    inputs.mount_channel = workers_.take_channel(WorkerKind::mount);
    inputs.systemd_channel = workers_.take_channel(WorkerKind::systemd);
    inputs.log_sinks = open_log_sinks();
    inputs.log_position = memory_.open_log_position();
    inputs.mount_worked = memory_.worked(settings_.get().instance_id);
    return server_.start(std::move(inputs));
}

int Supervisor::run() {
    if (const auto started = start(); !started) {
        log(Priority::error, started.error().message);
        return 1;
    }
    ::prctl(PR_SET_NAME, "postfix-elb-agent");
    if (pending_listener_.due()) {
        say_status();
    }
    const int exit_status = loop();
    workers_.end(signals_);
    return exit_status;
}

int Supervisor::loop() {
    while (!server_.exit_status()) {
        std::array<pollfd, 2> ready{pollfd{signals_.descriptor(), POLLIN, 0},
                                    pollfd{server_.control(), POLLIN, 0}};
        if (::poll(ready.data(), ready.size(), time_to_next()) < 0 && errno != EINTR) {
            log(Priority::error, core::system_error(errno, "poll", "signals").message);
            return 1;
        }
        if (ready[1].revents != 0) {
            if (const auto message = server_.receive()) {
                on_message(*message);
            }
        }
        if (ready[0].revents != 0) {
            on_signals();
        }
        do_what_is_due();
    }
    return *server_.exit_status();
}

int Supervisor::time_to_next() const {
    constexpr core::BootTime never = core::BootTime::max();
    const core::BootTime next =
        std::min({server_.due(), workers_.due(), pending_listener_.due().value_or(never)});
    if (next == never) {
        return -1;
    }
    return static_cast<int>(std::max<core::BootTime::rep>((next - now().boot).count(), 0));
}

void Supervisor::do_what_is_due() {
    const core::BootTime time = now().boot;
    if (workers_.due() <= time) {
        workers_.start_due(time, settings_.with_instance_id(), server_);
    }
    if (pending_listener_.due() && *pending_listener_.due() <= time) {
        try_to_listen();
    }
    server_.kill_if_due(time);
}

void Supervisor::on_signals() {
    while (const auto signal = signals_.next()) {
        switch (*signal) {
            case SIGCHLD: reap(); break;
            case SIGHUP: reload(); break;
            default: drain(); break;
        }
    }
}

void Supervisor::reap() {
    ChildExit child;
    while ((child.pid = ::waitpid(-1, &child.status, WNOHANG)) > 0) {
        if (!server_.ended(child) && !deferred_start_.ended(child.pid)) {
            workers_.ended(child);
        }
    }
}

void Supervisor::reload() {
    if (is_ready_) {  // else READY=1 after it would be said too early
        systemd::notify_reloading();
    }
    if (const auto text = settings_.reload()) {
        std::vector<int> controls = workers_.controls();
        if (server_.control() >= 0) {
            controls.insert(controls.begin(), server_.control());
        }
        for (const int control : controls) {
            if (!send_control(control, ControlKind::settings, *text)) {
                log(Priority::error,
                    "reload: could not send the new settings to a process of the agent");
            }
        }
        log(Priority::notice, "reload: new settings in effect");
    }
    if (is_ready_) {
        systemd::notify_ready();
    }
}

/// A second signal ends the wait of drain.delay.
void Supervisor::drain() {
    if (server_.is_draining()) {
        return server_.drain(core::Duration(0));
    }
    const core::Duration delay = settings_.get().drain.delay;
    workers_.stop_replacing();
    pending_listener_.done();
    systemd::notify_stopping(delay + ServerProcess::grace + Workers::grace + stop_margin);
    server_.drain(delay);
}

void Supervisor::on_message(const ControlMessage& message) {
    switch (message.kind) {
        case ControlKind::ready: on_ready(); break;
        case ControlKind::status:
            server_status_ = message.text;
            say_status();
            break;
        case ControlKind::alive: systemd::notify_watchdog(); break;
        case ControlKind::identity: on_identity(message.text); break;
        case ControlKind::postfix_may_start:
            if (!server_.is_draining()) {  // the agent may end because the host does
                deferred_start_.try_now(now().boot);
            }
            break;
        default: break;
    }
}

void Supervisor::on_ready() {
    is_ready_ = true;
    systemd::notify_ready();
    warn_of_failure(memory_.remember_worked(settings_.with_instance_id().instance_id));
}

void Supervisor::on_identity(const std::string& instance_id) {
    if (settings_.keep_instance_id(instance_id)) {
        warn_of_failure(memory_.remember_id(instance_id));
    }
}

/// Another process may have the port and release it at any time. The relink does not need it.
void Supervisor::try_to_listen() {
    const FileDescriptor socket = pending_listener_.attempt(now().boot);
    if (socket && server_.send(ControlKind::listener, {}, socket.get())) {
        pending_listener_.done();
        log(Priority::notice, "serves on " + name_of(socket.get()));
    }
    say_status();
}

void Supervisor::say_status() {
    const std::string& error = pending_listener_.error();
    const std::string between = error.empty() || server_status_.empty() ? "" : "; ";
    systemd::notify_status(error + between + server_status_);
}

}  // namespace

int run_supervisor(SupervisorInputs inputs) {
    return Supervisor(std::move(inputs)).run();
}

}  // namespace agent
