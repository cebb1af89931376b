// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/host_worker.hpp"

#include "agent/base/small_file.hpp"
#include "agent/host/identity_files.hpp"
#include "agent/host/lock_holders.hpp"
#include "agent/host/maillog_opener.hpp"
#include "agent/host/master_processes.hpp"
#include "agent/host/queue_link.hpp"
#include "core/nfs/mountstats.hpp"
#include "core/parse/mountinfo.hpp"

#include <utility>

namespace agent {
namespace {

constexpr const char* usual_data_directory =
    "/var/lib/postfix";  // Postfix's own default on every distribution

/// The mounts of this moment. An error must not read as "nothing is mounted".
core::Result<std::vector<core::MountEntry>> read_mounts() {
    const auto text = read_proc_file("/proc/self/mountinfo");
    if (!text) {
        return text.error();
    }
    return core::parse_mountinfo(*text);
}

}  // namespace

HostWorker::HostWorker(core::Settings settings, MainCfFile main_cf, std::string cloud_init)
    : settings_(std::move(settings)),
      main_cf_(std::move(main_cf)),
      cloud_init_(std::move(cloud_init)) {
}

core::Result<core::HostFacts> HostWorker::observe(const Request& request) {
    core::HostFacts facts;
    watch_.arm_mounts();
    const auto mounts = read_mounts();
    if (!mounts) {
        return mounts.error();
    }
    const LocalPaths local(*mounts);
    main_cf_.refresh(local);
    watch_.arm_link(settings_.queue.link, local);
    watch_.arm_masters(main_cf_.path_named("data_directory").value_or(usual_data_directory), local);

    facts.mount = core::find_mount(*mounts, settings_.mount.path);
    if (const auto text = read_proc_file("/proc/self/mountstats"); text) {
        facts.lease_expired = core::lease_expired(*text, settings_.mount.path);
        facts.nfs = core::nfs_facts(*text, settings_.mount.path);
    }
    facts.link = observe_link(settings_.queue.link);
    facts.user_data = observe_user_data(cloud_init_);
    auto masters = find_masters();
    if (!masters) {
        return masters.error();
    }
    facts.masters = std::move(*masters);
    watch_.follow_masters(facts.masters, local);
    if (request.pid > 0) {
        facts.named = describe_process(request.pid);
    }
    if (facts.mount && request.inode != 0) {
        facts.lock_holders = find_lock_holders(facts.mount->device, request.inode);
    }
    return facts;
}

std::vector<std::string> HostWorker::log_candidates(const LocalPaths& local) {
    main_cf_.refresh(local);
    return maillog_candidates(settings_.maillog, main_cf_.path_named("maillog_file"));
}

core::Result<HostWorker::OpenedLog> HostWorker::open_log(const Request& request) {
    const auto mounts = read_mounts();
    if (!mounts) {
        return mounts.error();
    }
    const LocalPaths local(*mounts);
    const std::vector<std::string> candidates = log_candidates(local);
    watch_.arm_maillog(candidates, local);
    auto opened = open_maillog(candidates, local, request.device, request.inode);
    if (opened.place) {
        watch_.follow_maillog(opened.place.get());
    }
    return OpenedLog{std::move(opened.reply), std::move(opened.descriptor)};
}

core::Result<HostWorker::OpenedLog> HostWorker::open_old_log() {
    const auto mounts = read_mounts();
    if (!mounts) {
        return mounts.error();
    }
    const LocalPaths local(*mounts);
    auto opened = open_old_maillog(log_candidates(local), local);
    return OpenedLog{std::move(opened.reply), std::move(opened.descriptor)};
}

IdentityFiles HostWorker::read_identity() {
    return read_identity_files();
}

core::Result<Reply> HostWorker::handle(const Request& request) {
    using Handlers = HandlerTable<WorkerKind::host,  //
                                  Handler<Operation::observe_host, &HostWorker::observe>,
                                  Handler<Operation::read_identity, &HostWorker::read_identity>,
                                  Handler<Operation::open_maillog, &HostWorker::open_log>,
                                  Handler<Operation::open_old_maillog, &HostWorker::open_old_log>>;
    return Handlers::handle(*this, request);
}

}  // namespace agent
