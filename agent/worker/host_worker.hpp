// SPDX-License-Identifier: Apache-2.0
// Reads what is local and needs root. Nothing it does can block on the shared mount: see the list of what does and
// does not in docs of proc(5) and the comments of agent/worker/master_processes.hpp.
#pragma once

#include "agent/worker/worker.hpp"

namespace agent {

class HostWorker : public RequestHandler {
   public:
    explicit HostWorker(core::Settings settings);

    [[nodiscard]] core::Result<Reply> handle(const Request& request) override;
    void apply(const core::Settings& settings) override { settings_ = settings; }

   private:
    core::Settings settings_;
};

}  // namespace agent
