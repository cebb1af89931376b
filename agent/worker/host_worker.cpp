// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/host_worker.hpp"

#include "agent/wire/replies.hpp"
#include "agent/worker/identity_files.hpp"
#include "agent/worker/maillog_opener.hpp"
#include "agent/worker/master_processes.hpp"
#include "agent/worker/queue_link.hpp"
#include "agent/worker/small_file.hpp"
#include "core/mountinfo.hpp"
#include "core/mountstats.hpp"

#include <utility>

namespace agent {
namespace {

core::Result<core::HostFacts> observe(const core::Settings& settings, std::int32_t named_pid) {
    core::HostFacts facts;
    const auto mountinfo = read_proc_file("/proc/self/mountinfo");
    if (!mountinfo) {
        return mountinfo.error();  // not to know is not "nothing is mounted"
    }
    facts.mount = core::find_mount(*mountinfo, settings.mount.path);
    if (const auto text = read_proc_file("/proc/self/mountstats"); text) {
        facts.lease_expired = core::lease_expired(*text, settings.mount.path);
    }
    facts.link = observe_link(settings.queue.link);
    auto masters = find_masters();
    if (!masters) {
        return masters.error();
    }
    facts.masters = std::move(*masters);
    if (named_pid > 0) {
        facts.named = describe_process(named_pid);
    }
    return facts;
}

}  // namespace

HostWorker::HostWorker(core::Settings settings) : settings_(std::move(settings)) {
}

core::Result<Reply> HostWorker::handle(const Request& request) {
    switch (request.operation) {
        case Operation::observe_host: {
            const auto facts = observe(settings_, request.pid);
            if (!facts) {
                return facts.error();
            }
            return Reply{encode(*facts), {}};
        }
        case Operation::read_identity: return Reply{encode(read_identity_files()), {}};
        case Operation::open_maillog: {
            auto [opened, descriptor] = open_maillog(settings_.maillog, request.device, request.inode);
            return Reply{encode(opened), std::move(descriptor)};
        }
        case Operation::open_old_maillog: {
            auto [opened, descriptor] = open_old_maillog(settings_.maillog);
            return Reply{encode(opened), std::move(descriptor)};
        }
        default: return core::Error{core::Errc::refused, "not an operation of the host worker"};
    }
}

}  // namespace agent
