// SPDX-License-Identifier: Apache-2.0
// What `check`, `relink` and `gate` need to work without a daemon: the same workers, asked the same
// questions, once.
#pragma once

#include "agent/server/fact_collector.hpp"
#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <sys/types.h>

#include <functional>
#include <vector>

namespace agent {

class ForegroundWorkers {
   public:
    explicit ForegroundWorkers(core::Settings settings);
    /// Waits until the workers have ended, but not long for one that hangs on the mount.
    ~ForegroundWorkers();
    ForegroundWorkers(const ForegroundWorkers&) = delete;
    ForegroundWorkers& operator=(const ForegroundWorkers&) = delete;

    /// Starts the workers, finds the instance id, and runs `work` to its end. The workers
    /// end with this object, and one that hangs on the mount is left behind to die. Without the
    /// account of settings.user there is no systemd worker, and a warning: its facts are
    /// unknown. Errors: denied (not root), unavailable (a worker could not be started). An unknown
    /// identity is no error here: the facts say so.
    [[nodiscard]] core::Result<void> run(std::function<boost::asio::awaitable<void>()> work);

    [[nodiscard]] FactCollector& collector() { return collector_; }
    [[nodiscard]] const core::Settings& settings() const { return settings_; }

   private:
    [[nodiscard]] core::Result<void> start_workers();
    [[nodiscard]] boost::asio::awaitable<void> identify();

    core::Settings settings_;
    boost::asio::io_context io_;
    FactCollector collector_;
    std::vector<FileDescriptor> controls_;  ///< of the workers, which end when these are closed
    std::vector<pid_t> workers_;
};

}  // namespace agent
