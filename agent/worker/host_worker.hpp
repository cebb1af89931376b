// SPDX-License-Identifier: Apache-2.0
// Reads local facts that need root, and watches them for changes. Nothing here can block on the
// shared mount: of processes it reads only what agent/host/master_processes.hpp lists, and every
// path that it opens is local (agent/base/local_paths.hpp).
#pragma once

#include "agent/host/main_cf_file.hpp"
#include "agent/host/user_data.hpp"
#include "agent/worker/host_watch.hpp"
#include "agent/worker/request_handler.hpp"

namespace agent {

class HostWorker : public RequestHandler {
   public:
    explicit HostWorker(core::Settings settings, MainCfFile main_cf = MainCfFile(),
                        std::string cloud_init = cloud_init_directory);

    [[nodiscard]] core::Result<Reply> handle(const Request& request) override;
    void apply(const core::Settings& settings) override { settings_ = settings; }
    [[nodiscard]] Watch watch() override { return watch_.watch(); }
    [[nodiscard]] WorkerEvents on_watch(std::span<const pollfd> watched) override {
        return watch_.on_watch(watched);
    }

   private:
    using OpenedLog = WithDescriptor<MaillogOpened>;

    [[nodiscard]] core::Result<core::HostFacts> observe(const Request& request);
    [[nodiscard]] core::Result<OpenedLog> open_log(const Request& request);
    [[nodiscard]] core::Result<OpenedLog> open_old_log();
    [[nodiscard]] IdentityFiles read_identity();
    [[nodiscard]] std::vector<std::string> log_candidates(const LocalPaths& local);

    core::Settings settings_;
    MainCfFile main_cf_;
    std::string cloud_init_;
    HostWatch watch_;
};

}  // namespace agent
