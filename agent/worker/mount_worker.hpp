// SPDX-License-Identifier: Apache-2.0
// The only process that touches the shared file system: the mount's probe, the lock on this host's
// id, the relink, the question who holds the pid file's lock, the census of the queues, the last
// words. It holds open file description locks only (fcntl(2)), and must: closing any descriptor of
// a file would drop a POSIX lock on it. Any of its system calls may hang for as long as the file
// server is silent; the server sees that by the deadline.
#pragma once

#include "agent/mount/owner_lock.hpp"
#include "agent/mount/queue_census.hpp"
#include "agent/relink/relinker.hpp"
#include "agent/worker/request_handler.hpp"

#include <memory>
#include <string>

namespace agent {

class MountWorker : public RequestHandler {
   public:
    explicit MountWorker(core::Settings settings);

    [[nodiscard]] core::Result<Reply> handle(const Request& request) override;
    void apply(const core::Settings& settings) override;

   private:
    void make_relinker();
    [[nodiscard]] core::MountFacts probe();
    [[nodiscard]] core::Result<void> bind_to(std::string_view instance_id);
    [[nodiscard]] core::Result<Reply> continue_census();

    core::Settings settings_;
    std::string instance_id_;  ///< the first that was named: it stays for this process's life
    std::unique_ptr<OwnerLock> lock_;
    std::unique_ptr<Relinker> relinker_;
    std::unique_ptr<Census> census_;  ///< while one is under way
};

}  // namespace agent
