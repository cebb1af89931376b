// SPDX-License-Identifier: Apache-2.0
// The only process that touches the shared file system: it probes the mount, holds the lock on this
// host's id, relinks, queries the lock of the pid file, counts the queues and stores the last
// words. It uses open file description locks only (fcntl(2)), because closing any descriptor of a
// file would release a POSIX lock on it. Each of its system calls may hang while the file server is
// silent; the server notices by the deadline.
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
    [[nodiscard]] core::Result<void> bind_to(std::string_view instance_id);
    [[nodiscard]] core::MountFacts probe();
    [[nodiscard]] core::LockFacts ask_lock();
    [[nodiscard]] core::Result<RelinkPlanReply> plan_relink();
    [[nodiscard]] core::RelinkProgress continue_relink();
    [[nodiscard]] core::Result<CensusProgress> begin_census();
    [[nodiscard]] core::Result<CensusProgress> continue_census();
    [[nodiscard]] core::Result<Nothing> write_last_words(const Request& request);

    core::Settings settings_;
    std::string instance_id_;  ///< the first that was requested; does not change
    std::unique_ptr<OwnerLock> lock_;
    std::unique_ptr<Relinker> relinker_;
    std::unique_ptr<Census> census_;  ///< while one is under way
};

}  // namespace agent
