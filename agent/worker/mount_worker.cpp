// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/mount_worker.hpp"

#include "agent/host/identity_files.hpp"
#include "agent/host/master_processes.hpp"
#include "agent/ipc/replies.hpp"
#include "agent/mount/agent_directory.hpp"
#include "agent/mount/last_words_file.hpp"
#include "agent/mount/mount_probe.hpp"
#include "agent/mount/owner_record.hpp"
#include "agent/mount/pid_file_lock.hpp"
#include "core/model/instance_id.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace agent {
namespace {

/// A slice of a relink or a census is a tenth of the deadline, so that a busy worker is never taken
/// for one that hangs.
std::chrono::milliseconds slice_of(const core::Settings& settings) {
    constexpr int share = 10;
    return settings.mount.deadline / share;
}

bool is_about_ownership(const core::RelinkStep& step) {
    return step.kind == core::RelinkStep::Kind::make_agent_directory ||
           step.kind == core::RelinkStep::Kind::claim;
}

RelinkPlanReply print_plan(core::RelinkPlan plan) {
    RelinkPlanReply printed;
    for (const core::RelinkStep& step : plan.steps) {
        printed.steps.push_back(core::describe(step));
    }
    printed.only_claim = !plan.steps.empty() &&
                         std::all_of(plan.steps.begin(), plan.steps.end(), is_about_ownership);
    printed.notes = std::move(plan.notes);
    printed.refusal = plan.refusal.value_or("");
    printed.remedy = std::move(plan.remedy);
    printed.waiting = plan.waiting;
    return printed;
}

/// The server that asks is not trusted with the choice: the setting's id, or where that is "auto"
/// an id of EC2, and the one on the machine's asset tag where there is one.
core::Result<void> may_be(std::string_view instance_id, const std::string& setting) {
    if (setting != "auto") {
        return setting == instance_id
                   ? core::Result<void>()
                   : core::Error{core::Errc::refused, "this instance is " + setting + ", not " +
                                                          std::string(instance_id)};
    }
    const auto tag = core::id_from_answer(read_identity_files().dmi_asset_tag, "the asset tag");
    if (tag && *tag != instance_id) {
        return core::Error{core::Errc::refused,
                           "the asset tag names " + *tag + ", not " + std::string(instance_id)};
    }
    return core::validate_external_id(instance_id);
}

}  // namespace

MountWorker::MountWorker(core::Settings settings) : settings_(std::move(settings)) {
}

void MountWorker::apply(const core::Settings& settings) {
    const std::string instance_id =
        settings_.instance_id;  // that one does not change while the agent runs
    settings_ = settings;
    settings_.instance_id = instance_id;
    if (lock_) {
        make_relinker();
    }
}

void MountWorker::make_relinker() {
    relinker_ =
        std::make_unique<Relinker>(settings_, instance_id_, *lock_, [] { return find_masters(); });
}

/// One process holds the lock of one id: another name than the first would make a second owner of
/// it.
core::Result<void> MountWorker::bind_to(std::string_view instance_id) {
    if (instance_id == instance_id_) {
        return {};
    }
    if (!instance_id_.empty()) {
        return core::Error{core::Errc::refused, "this worker works for " + instance_id_ +
                                                    ", not for " + std::string(instance_id)};
    }
    if (const auto allowed = may_be(instance_id, settings_.instance_id); !allowed) {
        return allowed.error();
    }
    instance_id_ = instance_id;
    lock_ = std::make_unique<OwnerLock>(this_host(instance_id_));
    make_relinker();
    return {};
}

core::MountFacts MountWorker::probe() {
    return probe_mount(settings_, instance_id_, lock_.get());
}

/// One that has ended, well or not, holds nothing open on the mount.
core::Result<Reply> MountWorker::continue_census() {
    if (!census_) {
        return core::Error{core::Errc::refused, "no census was begun"};
    }
    auto progress = census_->continue_for(settings_, slice_of(settings_));
    if (!progress || progress->census) {
        census_.reset();
    }
    return progress ? core::Result<Reply>(Reply{encode(*progress), {}})
                    : core::Result<Reply>(progress.error());
}

core::Result<Reply> MountWorker::handle(const Request& request) {
    if (!request.instance_id().empty()) {
        if (const auto bound = bind_to(request.instance_id()); !bound) {
            return bound.error();
        }
    }
    // This worker may be older than the names of its host and of its NFS client, which count from
    // the mount on.
    if (lock_ && !lock_->holds()) {
        lock_->call_oneself(this_host(instance_id_));
    }
    switch (request.operation) {
        case Operation::probe_mount: return Reply{encode(probe()), {}};
        case Operation::ask_lock:
            return Reply{encode(ask_pid_file_lock(settings_, instance_id_)), {}};
        case Operation::continue_relink:
            return Reply{encode(relinker_->continue_for(slice_of(settings_))), {}};
        case Operation::begin_census:
            census_ = std::make_unique<Census>(settings_, instance_id_);
            return continue_census();
        case Operation::continue_census: return continue_census();
        case Operation::plan_relink: {
            auto plan = relinker_->plan();
            if (!plan) {
                return plan.error();
            }
            return Reply{encode(print_plan(std::move(*plan))), {}};
        }
        case Operation::write_last_words: {
            if (auto written = write_last_words(settings_, instance_id_, request.words());
                !written) {
                return written.error();
            }
            return Reply{encode(Nothing{}), {}};
        }
        default: return core::Error{core::Errc::refused, "not an operation of the mount worker"};
    }
}

}  // namespace agent
