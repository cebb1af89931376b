// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/worker.hpp"

#include "agent/base/log.hpp"
#include "agent/ipc/channel.hpp"
#include "agent/ipc/control.hpp"
#include "agent/ipc/frame.hpp"
#include "agent/ipc/request.hpp"
#include "agent/worker/host_worker.hpp"
#include "agent/worker/mount_worker.hpp"
#include "agent/worker/systemd_worker.hpp"
#include "config/load.hpp"

#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>
#include <string>

namespace agent {
namespace {

/// CAP_SYS_PTRACE: /proc/<pid>/{exe,cwd,fd} of master(8), which has more capabilities than a
/// worker. systemd: on the system bus root may start whatever it likes, so that one must not be
/// root there.
core::Result<void> drop_privileges(WorkerKind kind, const Account& account) {
    switch (kind) {
        case WorkerKind::host: return become_worker({CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH});
        case WorkerKind::systemd: return become_worker_as(account, {CAP_DAC_READ_SEARCH});
        case WorkerKind::mount: break;
    }
    return become_worker({CAP_SYS_PTRACE, CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER, CAP_FSETID});
}

std::unique_ptr<RequestHandler> make_handler(WorkerKind kind, const core::Settings& settings) {
    switch (kind) {
        case WorkerKind::host: return std::make_unique<HostWorker>(settings);
        case WorkerKind::systemd: return std::make_unique<SystemdWorker>(settings);
        case WorkerKind::mount: break;
    }
    return std::make_unique<MountWorker>(settings);
}

std::vector<std::uint8_t> answer(RequestHandler& handler, const Request& request,
                                 FileDescriptor& descriptor) {
    try {
        auto reply = handler.handle(request);
        if (!reply) {
            return frame_error(request.sequence, reply.error().message);
        }
        descriptor = std::move(reply->descriptor);
        return frame_reply(request.sequence, reply->bytes);
    } catch (const std::exception& error) {
        return frame_error(request.sequence, std::string("unexpected: ") + error.what());
    }
}

/// false: the other end is gone.
bool serve_request(int channel, RequestHandler& handler) {
    auto message = receive_message(channel);
    if (!message || message->bytes.empty()) {
        return false;
    }
    const auto request = decode_request(message->bytes);
    if (!request) {
        return false;  // not the server that this worker was made for
    }
    FileDescriptor descriptor;
    const auto bytes = answer(handler, *request, descriptor);
    return send_message(channel, bytes, descriptor.get()).has_value();
}

bool serve_control(int control, RequestHandler& handler) {
    const auto message = receive_control(control);
    if (!message) {
        return false;
    }
    if (message->kind == ControlKind::settings) {
        if (const auto loaded = config::load_text(message->text, "reload", {}); loaded) {
            handler.apply(loaded->settings);
        }
    }
    return true;
}

/// Returns false when the other end is gone. Drops the events when its socket is full: the server
/// then reads the facts without being notified.
bool notify(int channel, WorkerEvents events) {
    if (events == 0) {
        return true;
    }
    const auto sent = send_message(channel, frame_events(events));
    return sent || sent.error().code == core::Errc::locked;
}

void serve(int channel, int control, RequestHandler& handler) {
    for (;;) {
        Watch watch = handler.watch();
        std::vector<pollfd>& waited = watch.descriptors;
        waited.insert(waited.begin(), {pollfd{control, POLLIN, 0}, pollfd{channel, POLLIN, 0}});
        const int ready = ::poll(waited.data(), waited.size(), watch.timeout_ms);
        if (ready < 0) {
            if (errno != EINTR) {
                return;
            }
            continue;
        }
        if (waited[0].revents != 0 && !serve_control(control, handler)) {
            return;
        }
        const auto watched = std::span<const pollfd>(waited).subspan(2);
        const bool noticed =
            ready == 0 || std::any_of(watched.begin(), watched.end(),
                                      [](const pollfd& p) { return p.revents != 0; });
        if (noticed && !notify(channel, handler.on_watch(watched))) {
            return;
        }
        if (waited[1].revents != 0 && !serve_request(channel, handler)) {
            return;
        }
    }
}

[[noreturn]] void run_worker(WorkerKind kind, const core::Settings& settings,
                             const Account& account, int channel, int control, pid_t parent) {
    close_descriptors_except({channel, control});
    leave_signals_to_the_supervisor();
    ::prctl(PR_SET_NAME, ("pea-" + std::string(to_string(kind))).c_str());
    if (const auto dropped = drop_privileges(kind, account); !dropped) {
        log(Priority::error, std::string(to_string(kind)) + " worker: " + dropped.error().message);
        ::_exit(1);
    }
    die_with_parent(parent);
    serve(channel, control, *make_handler(kind, settings));
    ::_exit(0);
}

}  // namespace

core::Result<WorkerProcess> start_worker(WorkerKind kind, const core::Settings& settings,
                                         const Account& account) {
    auto channel = make_channel();
    if (!channel) {
        return channel.error();
    }
    auto control = make_channel();
    if (!control) {
        return control.error();
    }
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) {
        return core::system_error(errno, "start", std::string(to_string(kind)) + " worker");
    }
    if (pid == 0) {
        run_worker(kind, settings, account, channel->second.get(), control->second.get(), parent);
    }
    return WorkerProcess{pid, std::move(channel->first), std::move(control->first)};
}

}  // namespace agent
