// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/host_watch.hpp"

#include "agent/base/log.hpp"
#include "agent/host/master_processes.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace agent {
namespace {

constexpr std::uint32_t came = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t came_or_went = came | IN_DELETE | IN_MOVED_FROM;
constexpr const char* data_lock = "master.lock";
constexpr std::size_t most_data_locks = 8;  // of several instances of Postfix on one host

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string name_in(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

bool is_ready(int descriptor, short events) {
    pollfd waited{descriptor, events, 0};
    return ::poll(&waited, 1, 0) > 0;
}

}  // namespace

void HostWatch::warn(const std::string& text, int error) {
    if (!std::exchange(warned_, true)) {
        log(Priority::warning, text + " (" + std::strerror(error) +
                                   "); what happens there is noticed each checks.interval only");
    }
}

void HostWatch::arm_mounts() {
    if (!mounts_) {
        mounts_ = FileDescriptor(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
        if (!mounts_) {
            warn("cannot watch the mount table", errno);
        }
    }
    (void)is_ready(mounts_.get(), POLLPRI);  // asking takes the event
    notified_ &= ~worker_event::mounts;
    pending_ &= ~worker_event::mounts;
}

void HostWatch::arm_link(const std::string& link, const LocalPaths& local) {
    (void)link_.happened();
    link_.watch({{directory_of(link), {name_in(link)}, came_or_went | IN_ATTRIB}}, local);
    notified_ &= ~worker_event::link;
    pending_ &= ~worker_event::link;
}

void HostWatch::arm_masters(const std::string& data_directory, const LocalPaths& local) {
    (void)starts_.happened();
    data_directory_ = data_directory;
    watch_data_directories(local);
    std::erase_if(masters_,
                  [](const Master& master) { return is_ready(master.process.get(), POLLIN); });
    notified_ &= ~worker_event::master;
    pending_ &= ~worker_event::master;
}

void HostWatch::watch_data_directories(const LocalPaths& local) {
    std::vector<FileWatch::Target> targets;
    const auto add = [&targets](const std::string& directory) {
        targets.push_back({directory, {data_lock}, came});
        targets.push_back({directory + "/" + data_lock, {}, IN_MODIFY});
    };
    add(data_directory_);
    for (const std::string& lock : data_locks_) {
        add(directory_of(lock));
    }
    starts_.watch(targets, local);
}

bool HostWatch::follows(const core::ProcessFacts& master) const {
    return std::any_of(masters_.begin(), masters_.end(), [&master](const Master& followed) {
        return followed.pid == master.pid && followed.start_ticks == master.start_ticks;
    });
}

void HostWatch::follow_master(const core::ProcessFacts& master) {
    FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, master.pid, 0)));
    if (!process) {
        const int error = errno;
        if (error != ESRCH) {
            warn("cannot watch for the end of Postfix's master", error);
        }
    }
    const auto still = describe_process(master.pid);  // its number may be another's by now
    if (!still || still->start_ticks != master.start_ticks) {
        pending_ |= worker_event::master;  // it ended between the look and the watch
        return;
    }
    masters_.push_back({master.pid, master.start_ticks, std::move(process)});
    if (auto lock = data_lock_of(master.pid)) {
        std::erase(data_locks_, *lock);
        data_locks_.push_back(std::move(*lock));
    }
}

void HostWatch::follow_masters(const std::vector<core::ProcessFacts>& masters,
                               const LocalPaths& local) {
    std::erase_if(masters_, [&masters](const Master& followed) {
        return std::none_of(
            masters.begin(), masters.end(), [&followed](const core::ProcessFacts& master) {
                return followed.pid == master.pid && followed.start_ticks == master.start_ticks;
            });
    });
    bool any_new = false;
    for (const core::ProcessFacts& master : masters) {
        if (!follows(master)) {
            follow_master(master);
            any_new = true;
        }
    }
    while (data_locks_.size() > most_data_locks) {
        data_locks_.pop_front();
    }
    if (any_new) {
        watch_data_directories(local);
    }
}

void HostWatch::arm_maillog(const std::vector<std::string>& candidates, const LocalPaths& local) {
    if (candidates.empty()) {
        maillog_ = FileWatch("the mail log");  // also the file that was followed
    }
    (void)maillog_.happened();
    std::vector<FileWatch::Target> targets;
    for (const std::string& path : candidates) {
        targets.push_back({directory_of(path), {name_in(path)}, came_or_went});
        // Where the log is a symbolic link it is rotated where the link leads to.
        if (const auto resolved = local.resolve(path); resolved && *resolved != path) {
            targets.push_back({directory_of(*resolved), {name_in(*resolved)}, came_or_went});
        }
    }
    maillog_.watch(targets, local);
    notified_ &= ~worker_event::maillog;
    pending_ &= ~worker_event::maillog;
}

void HostWatch::follow_maillog(int file) {
    maillog_.follow(file, IN_MODIFY | IN_ATTRIB);
}

Watch HostWatch::watch() const {
    Watch watch;
    const auto wait_for = [&](WorkerEvents kind, int descriptor, short events) {
        if ((notified_ & kind) == 0 && descriptor >= 0) {
            watch.descriptors.push_back({descriptor, events, 0});
        }
    };
    wait_for(worker_event::mounts, mounts_.get(), POLLPRI);
    wait_for(worker_event::link, link_.descriptor(), POLLIN);
    wait_for(worker_event::master, starts_.descriptor(), POLLIN);
    for (const Master& master : masters_) {
        wait_for(worker_event::master, master.process.get(), POLLIN);
    }
    wait_for(worker_event::maillog, maillog_.descriptor(), POLLIN);
    watch.timeout_ms = (pending_ & ~notified_) != 0 ? 0 : -1;
    return watch;
}

WorkerEvents HostWatch::meaning_of(int descriptor) {
    if (descriptor == mounts_.get()) {
        return worker_event::mounts;
    }
    if (descriptor == link_.descriptor()) {
        return link_.happened() ? worker_event::link : 0;
    }
    if (descriptor == starts_.descriptor()) {
        return starts_.happened() ? worker_event::master : 0;
    }
    if (descriptor == maillog_.descriptor()) {
        return maillog_.happened() ? worker_event::maillog : 0;
    }
    return worker_event::master;  // a pidfd
}

WorkerEvents HostWatch::on_watch(std::span<const pollfd> watched) {
    WorkerEvents events = std::exchange(pending_, 0);
    for (const pollfd& one : watched) {
        if (one.revents != 0) {
            events |= meaning_of(one.fd);
        }
    }
    events &= ~notified_;
    notified_ |= events;
    return events;
}

}  // namespace agent
