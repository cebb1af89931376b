// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/supervisor.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/base/log_sinks.hpp"
#include "agent/host/runtime_state.hpp"
#include "agent/http/bind_listener.hpp"
#include "agent/ipc/control.hpp"
#include "agent/server/server.hpp"
#include "agent/supervisor/deferred_start.hpp"
#include "agent/supervisor/listeners.hpp"
#include "agent/worker/worker.hpp"
#include "config/print.hpp"
#include "config/reload.hpp"
#include "core/model/instance_id.hpp"
#include "systemd/notify.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace agent {
namespace {

using std::chrono::milliseconds;

/// A worker that dies at once is not started again in a tight loop.
constexpr milliseconds restart_pause{1000};
/// Beyond drain.delay: a server that has not ended by then, after its last answers (server.cpp:
/// last_answers), hangs.
constexpr milliseconds server_grace{5000};
/// What idle workers may need to see that their channel is closed. One that hangs on the mount is
/// not waited for.
constexpr milliseconds worker_grace{500};
/// What a busy machine may need beyond all of these, before the service manager takes us for hung.
constexpr milliseconds stop_margin{5000};

std::string describe_status(int status) {
    if (WIFSIGNALED(status)) {
        return "was killed by signal " + std::to_string(WTERMSIG(status));
    }
    return "exited with status " + std::to_string(WEXITSTATUS(status));
}

class Supervisor {
   public:
    explicit Supervisor(SupervisorInputs inputs)
        : inputs_(std::move(inputs)),
          worker_settings_(inputs_.loaded.settings),
          pending_listener_(inputs_.loaded.settings.listen, inputs_.unbound) {}

    int run();

   private:
    struct WorkerSlot {
        WorkerKind kind;
        ControlKind announcement;
        WorkerProcess process{};
        std::optional<core::BootTime> start_at{};  ///< set while no worker sits here
    };

    [[nodiscard]] core::Result<void> open_signals();
    [[nodiscard]] core::Result<void> start_server();
    void fill(WorkerSlot& slot);
    [[nodiscard]] core::Result<void> start_in_slot(WorkerSlot& slot);
    void loop();
    [[nodiscard]] int time_to_next() const;
    void on_signal();
    void on_server_message();
    void on_child(pid_t pid, int status);
    void try_to_listen();
    void say_status(std::string text);
    void reap();
    void fix_identity(const std::string& instance_id);
    void reload();
    void apply(const config::Loaded& loaded);
    void on_ready();
    void start_late();
    void drain();
    void end_workers();

    SupervisorInputs inputs_;
    RuntimeState memory_;
    DeferredStart deferred_start_;
    core::Settings
        worker_settings_;  ///< the effective ones, with the id in place of "auto" once it is known
    FileDescriptor signals_;
    std::array<WorkerSlot, 3> slots_{WorkerSlot{WorkerKind::host, ControlKind::host_channel},
                                     WorkerSlot{WorkerKind::mount, ControlKind::mount_channel},
                                     WorkerSlot{WorkerKind::systemd, ControlKind::systemd_channel}};
    pid_t server_ = -1;
    FileDescriptor server_control_;
    std::optional<core::BootTime> kill_server_at_;
    bool ready_ = false;  ///< READY=1 was sent to the service manager
    PendingListener pending_listener_;
    std::string status_;  ///< the server's
    bool draining_ = false;
    bool ended_ = false;
    int exit_status_ = 0;
};

core::Result<void> Supervisor::open_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) {
        sigaddset(&set, number);
    }
    std::signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    signals_ = FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) {
        return core::system_error(errno, "open", "signalfd");
    }
    return {};
}

core::Result<void> Supervisor::start_in_slot(WorkerSlot& slot) {
    auto process = start_worker(slot.kind, worker_settings_, inputs_.account);
    if (!process) {
        return process.error();
    }
    slot.process = std::move(*process);
    slot.start_at.reset();
    return {};
}

/// Starts a worker again and sends its channel to the server, which owns it from then on.
void Supervisor::fill(WorkerSlot& slot) {
    if (const auto started = start_in_slot(slot); !started) {
        log(Priority::error, started.error().message + "; trying again");
        slot.start_at = now().boot + restart_pause;
        return;
    }
    const int channel = slot.process.channel.get();
    if (const auto sent = send_control(server_control_.get(), slot.announcement, {}, channel);
        !sent) {
        log(Priority::error, "send the server a new " + std::string(to_string(slot.kind)) +
                                 " worker: " + sent.error().message);
    }
    slot.process.channel.reset();
}

core::Result<void> Supervisor::start_server() {
    auto control = make_channel();
    if (!control) {
        return control.error();
    }
    const pid_t parent = ::getpid();
    server_ = ::fork();
    if (server_ < 0) {
        return core::system_error(errno, "start", "the server");
    }
    if (server_ == 0) {
        ServerInputs inputs{inputs_.loaded.settings,
                            inputs_.account,
                            std::move(inputs_.listeners),
                            std::move(control->second),
                            std::move(slots_[0].process.channel),
                            std::move(slots_[1].process.channel),
                            std::move(slots_[2].process.channel),
                            open_log_sinks(),
                            memory_.open_log_position(),
                            memory_.worked(inputs_.loaded.settings.instance_id),
                            parent};
        ::_exit(run_server(std::move(inputs)));
    }
    server_control_ = std::move(control->first);
    inputs_.listeners.clear();
    for (WorkerSlot& slot : slots_) {
        slot.process.channel.reset();
    }
    return {};
}

int Supervisor::time_to_next() const {
    std::optional<core::BootTime> next = kill_server_at_;
    if (const auto due = pending_listener_.due(); due && (!next || *due < *next)) {
        next = due;
    }
    for (const WorkerSlot& slot : slots_) {
        if (slot.start_at && (!next || *slot.start_at < *next)) {
            next = slot.start_at;
        }
    }
    if (!next) {
        return -1;
    }
    return static_cast<int>(std::max<core::BootTime::rep>((*next - now().boot).count(), 0));
}

/// Another process may have the port and release it at any time. The relink does not need it.
void Supervisor::try_to_listen() {
    const FileDescriptor socket = pending_listener_.attempt(now().boot);
    if (socket && send_control(server_control_.get(), ControlKind::listener, {}, socket.get())) {
        pending_listener_.done();
        log(Priority::notice, "serves on " + name_of(socket.get()));
    }
    say_status(status_);
}

void Supervisor::say_status(std::string text) {
    status_ = std::move(text);
    const std::string& error = pending_listener_.error();
    const std::string between = error.empty() || status_.empty() ? "" : "; ";
    systemd::notify_status(error + between + status_);
}

void Supervisor::on_child(pid_t pid, int status) {
    if (pid == server_) {
        server_ = -1;
        ended_ = true;
        if (!draining_ || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            log(Priority::error, "the server " + describe_status(status) + "; ending");
            exit_status_ = 1;
        }
        return;
    }
    if (deferred_start_.ended(pid)) {
        return;
    }
    for (WorkerSlot& slot : slots_) {
        if (slot.process.pid != pid) {
            continue;
        }
        slot.process = {};
        if (draining_) {
            continue;
        }
        slot.start_at = now().boot + restart_pause;
        log(Priority::warning, "the " + std::string(to_string(slot.kind)) + " worker (pid " +
                                   std::to_string(pid) + ") " + describe_status(status) +
                                   "; starting another");
    }
}

void Supervisor::reap() {
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
         pid = ::waitpid(-1, &status, WNOHANG)) {
        on_child(pid, status);
    }
}

void Supervisor::reload() {
    if (ready_) {  // else READY=1 after it would be said too early
        systemd::notify_reloading();
    }
    auto loaded = config::load(inputs_.request);
    if (!loaded) {
        for (const config::Problem& problem : loaded.error()) {
            log(Priority::error, "reload: " + config::to_string(problem));
        }
        log(Priority::error, "reload: the settings have errors; keeping the old ones");
    } else {
        apply(*loaded);
    }
    if (ready_) {
        systemd::notify_ready();
    }
}

void Supervisor::apply(const config::Loaded& loaded) {
    const auto merged = config::apply_reload(inputs_.loaded.settings, loaded.settings);
    if (!merged) {
        log(Priority::error, "reload: " + merged.error().message + "; keeping the old settings");
        return;
    }
    const std::string before = config::print(inputs_.loaded);
    for (const std::string& key :
         config::changed_needing_restart(inputs_.loaded.settings, loaded.settings)) {
        log(Priority::warning,
            "reload: " + key + " changed, which takes effect when the agent is restarted");
    }
    inputs_.loaded.settings = *merged;
    inputs_.loaded.origins = loaded.origins;
    const std::string instance_id = worker_settings_.instance_id;
    worker_settings_ = *merged;
    worker_settings_.instance_id = instance_id;
    const std::string text = config::print(inputs_.loaded);
    if (text == before) {
        log(Priority::notice, "reload: nothing changed that takes effect now");
        return;
    }
    std::vector<int> controls{server_control_.get()};
    std::transform(slots_.begin(), slots_.end(), std::back_inserter(controls),
                   [](const WorkerSlot& slot) { return slot.process.control.get(); });
    for (const int control : controls) {
        if (control >= 0 && !send_control(control, ControlKind::settings, text)) {
            log(Priority::error,
                "reload: could not send the new settings to a process of the agent");
        }
    }
    log(Priority::notice, "reload: new settings in effect");
}

/// A second signal ends the wait of drain.delay.
void Supervisor::drain() {
    const core::Duration delay =
        draining_ ? core::Duration(0) : inputs_.loaded.settings.drain.delay;
    const core::BootTime kill_at = now().boot + delay + server_grace;
    if (!std::exchange(draining_, true)) {
        pending_listener_.done();
        systemd::notify_stopping(delay + server_grace + worker_grace + stop_margin);
    }
    kill_server_at_ = kill_server_at_ ? std::min(*kill_server_at_, kill_at) : kill_at;
    if (const auto sent = send_control(server_control_.get(), ControlKind::drain); !sent) {
        kill_server_at_ = now().boot;
    }
}

void Supervisor::on_ready() {
    ready_ = true;
    systemd::notify_ready();
    if (const auto kept = memory_.remember_worked(worker_settings_.instance_id); !kept) {
        log(Priority::warning, kept.error().message);
    }
}

/// An agent that ends may do so because the host does.
void Supervisor::start_late() {
    if (!draining_) {
        deferred_start_.try_now(now().boot);
    }
}

void Supervisor::on_signal() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        switch (static_cast<int>(info.ssi_signo)) {
            case SIGCHLD: reap(); break;
            case SIGHUP: reload(); break;
            default: drain(); break;
        }
    }
}

void Supervisor::on_server_message() {
    const auto message = receive_control(server_control_.get());
    if (!message) {
        if (message.error().code == core::Errc::unavailable) {
            server_control_.reset();  // its exit status comes with SIGCHLD
        }
        return;
    }
    switch (message->kind) {
        case ControlKind::ready: on_ready(); break;
        case ControlKind::status: say_status(message->text); break;
        case ControlKind::alive: systemd::notify_watchdog(); break;
        case ControlKind::identity: fix_identity(message->text); break;
        case ControlKind::postfix_may_start: start_late(); break;
        default: break;
    }
}

/// The server reports the instance id, once. Why: a compromised server cannot make later workers
/// work for another instance.
void Supervisor::fix_identity(const std::string& instance_id) {
    std::string& setting = worker_settings_.instance_id;
    if (setting != "auto") {
        return;
    }
    if (const auto valid = core::validate_external_id(instance_id); !valid) {
        log(Priority::error,
            "the server names an impossible instance id: " + valid.error().message);
        return;
    }
    setting = instance_id;
    if (const auto kept = memory_.remember_id(instance_id); !kept) {
        log(Priority::warning, kept.error().message);
    }
}

void Supervisor::loop() {
    while (!ended_) {
        std::array<pollfd, 2> ready{pollfd{signals_.get(), POLLIN, 0},
                                    pollfd{server_control_.get(), POLLIN, 0}};
        if (::poll(ready.data(), ready.size(), time_to_next()) < 0 && errno != EINTR) {
            log(Priority::error, core::system_error(errno, "poll", "signals").message);
            exit_status_ = 1;
            return;
        }
        if (ready[1].revents != 0) {
            on_server_message();
        }
        if (ready[0].revents != 0) {
            on_signal();
        }
        const core::BootTime time = now().boot;
        for (WorkerSlot& slot : slots_) {
            if (slot.start_at && *slot.start_at <= time) {
                fill(slot);
            }
        }
        if (pending_listener_.due() && *pending_listener_.due() <= time) {
            try_to_listen();
        }
        if (kill_server_at_ && *kill_server_at_ <= time && server_ > 0) {
            log(Priority::error, "the server did not end in time; killing it");
            ::kill(server_, SIGKILL);
            kill_server_at_.reset();
        }
    }
}

void Supervisor::end_workers() {
    for (WorkerSlot& slot : slots_) {
        slot.process.control.reset();
    }
    const core::BootTime until = now().boot + worker_grace;
    const auto still_there = [this] {
        return std::any_of(slots_.begin(), slots_.end(),
                           [](const WorkerSlot& slot) { return slot.process.pid > 0; });
    };
    while (still_there() && now().boot < until) {
        pollfd ready{signals_.get(), POLLIN, 0};
        ::poll(&ready, 1, static_cast<int>((until - now().boot).count()));
        signalfd_siginfo info{};
        while (::read(signals_.get(), &info, sizeof info) > 0) {
        }
        for (WorkerSlot& slot : slots_) {
            if (slot.process.pid > 0 &&
                ::waitpid(slot.process.pid, nullptr, WNOHANG) == slot.process.pid) {
                slot.process.pid = -1;
            }
        }
    }
    for (const WorkerSlot& slot : slots_) {
        if (slot.process.pid > 0) {
            ::kill(slot.process.pid, SIGKILL);
        }
    }
}

int Supervisor::run() {
    const auto fail = [](const core::Error& error) {
        log(Priority::error, error.message);
        return 1;
    };
    if (const auto opened = open_signals(); !opened) {
        return fail(opened.error());
    }
    for (WorkerSlot& slot : slots_) {
        if (const auto started = start_in_slot(slot); !started) {
            return fail(started.error());
        }
    }
    if (const auto started = start_server(); !started) {
        return fail(started.error());
    }
    ::prctl(PR_SET_NAME, "postfix-elb-agent");
    if (pending_listener_.due()) {
        say_status("");
    }
    loop();
    end_workers();
    return exit_status_;
}

}  // namespace

int run_supervisor(SupervisorInputs inputs) {
    return Supervisor(std::move(inputs)).run();
}

}  // namespace agent
