// SPDX-License-Identifier: Apache-2.0
// What the host worker waits for beside requests, and what it means: worker_event mounts, link,
// master and maillog.
//
// Each kind is notified once, and not polled again until the server requests the facts of that
// kind. Why: a busy log or mount table costs nothing while the server is not ready for more. The
// order on a request is: arm, then look. A change after the arming is notified again, even if the
// look has seen it.
//
// The pid directory is on the shared file system, where nothing can be watched. Instead, the next
// local step of a starting master is watched: it writes master.lock in its data_directory
// (src/master/master.c).
//
// Known limits: without inotify, pidfds (Linux 5.3) or watches to spare
// (fs.inotify.max_user_watches) a kind is not notified; the server polls each checks.interval in
// any case.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/base/local_paths.hpp"
#include "agent/ipc/frame.hpp"
#include "agent/worker/file_watch.hpp"
#include "agent/worker/request_handler.hpp"
#include "core/model/facts.hpp"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace agent {

class HostWatch {
   public:
    // Before the look that answers observe_host, in this order; the mount table is read between
    // them.
    void arm_mounts();
    void arm_link(const std::string& link, const LocalPaths& local);
    void arm_masters(const std::string& data_directory, const LocalPaths& local);

    /// After that look: `masters` are all masters. The end of each is notified, also if it has
    /// ended by now.
    void follow_masters(const std::vector<core::ProcessFacts>& masters, const LocalPaths& local);

    /// Before the look that answers open_maillog: the log is, or will be, at one of these paths.
    /// None: nothing of it is watched any more.
    void arm_maillog(const std::vector<std::string>& candidates, const LocalPaths& local);

    /// After that look: the log is this file (an O_PATH descriptor, which is not kept).
    void follow_maillog(int file);

    /// For RequestHandler::watch() and on_watch().
    [[nodiscard]] Watch watch() const;
    [[nodiscard]] WorkerEvents on_watch(std::span<const pollfd> watched);

   private:
    struct Master {
        std::int32_t pid = 0;
        std::uint64_t start_ticks = 0;
        FileDescriptor
            process;  ///< a pidfd, readable once the process has ended; none where there are none
    };

    [[nodiscard]] bool follows(const core::ProcessFacts& master) const;
    void follow_master(const core::ProcessFacts& master);
    void watch_data_directories(const LocalPaths& local);
    [[nodiscard]] WorkerEvents meaning_of(int descriptor);
    void warn(const std::string& text, int error);

    FileDescriptor mounts_;  ///< /proc/self/mountinfo
    FileWatch link_{"the queue link"};
    FileWatch starts_{"for a start of Postfix's master"};
    FileWatch maillog_{"the mail log"};
    std::vector<Master> masters_;
    std::string data_directory_;          ///< of main.cf
    std::deque<std::string> data_locks_;  ///< of masters that were seen, the latest last
    WorkerEvents notified_ = 0;
    WorkerEvents pending_ = 0;  ///< noticed while arming
    bool warned_ = false;
};

}  // namespace agent
