// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/mount_worker.hpp"

#include "agent/host/identity_files.hpp"
#include "agent/host/master_processes.hpp"
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

/// A slice of a relink or a census takes a tenth of the deadline, so that a busy worker is never
/// overdue.
std::chrono::milliseconds slice_of(const core::Settings& settings) {
    constexpr int share = 10;
    return settings.mount.deadline / share;
}

bool is_about_ownership(const core::RelinkStep& step) {
    return step.kind == core::RelinkStep::Kind::make_agent_directory ||
           step.kind == core::RelinkStep::Kind::claim;
}

RelinkPlanReply as_reply(core::RelinkPlan plan) {
    RelinkPlanReply reply;
    for (const core::RelinkStep& step : plan.steps) {
        reply.steps.push_back(core::describe(step));
    }
    reply.only_claim = !plan.steps.empty() &&
                       std::all_of(plan.steps.begin(), plan.steps.end(), is_about_ownership);
    reply.notes = std::move(plan.notes);
    reply.refusal = plan.refusal.value_or("");
    reply.remedy = std::move(plan.remedy);
    reply.waiting = plan.waiting;
    return reply;
}

/// The server is not trusted to choose the id: only the setting's id is allowed. Where that is
/// "auto", only an id of EC2, and where the machine has an asset tag, only the id on it.
core::Result<void> check_id(std::string_view instance_id, const std::string& setting) {
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
    std::string instance_id = std::move(settings_.instance_id);  // does not change on a reload
    settings_ = settings;
    settings_.instance_id = std::move(instance_id);
    if (lock_) {
        make_relinker();
    }
}

void MountWorker::make_relinker() {
    relinker_ =
        std::make_unique<Relinker>(settings_, instance_id_, *lock_, [] { return find_masters(); });
}

/// One process holds the lock of one id. A second id would make it the owner of two.
core::Result<void> MountWorker::bind_to(std::string_view instance_id) {
    if (instance_id == instance_id_) {
        return {};
    }
    if (!instance_id_.empty()) {
        return core::Error{core::Errc::refused, "this worker works for " + instance_id_ +
                                                    ", not for " + std::string(instance_id)};
    }
    if (const auto allowed = check_id(instance_id, settings_.instance_id); !allowed) {
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

core::LockFacts MountWorker::ask_lock() {
    return ask_pid_file_lock(settings_, instance_id_);
}

core::Result<RelinkPlanReply> MountWorker::plan_relink() {
    auto plan = relinker_->plan();
    return plan ? core::Result<RelinkPlanReply>(as_reply(std::move(*plan))) : plan.error();
}

core::RelinkProgress MountWorker::continue_relink() {
    return relinker_->continue_for(slice_of(settings_));
}

core::Result<CensusProgress> MountWorker::begin_census() {
    census_ = std::make_unique<Census>(settings_, instance_id_);
    return continue_census();
}

/// A census that has ended, by an error or not, keeps nothing open on the mount.
core::Result<CensusProgress> MountWorker::continue_census() {
    if (!census_) {
        return core::Error{core::Errc::refused, "no census is under way"};
    }
    auto progress = census_->continue_for(settings_, slice_of(settings_));
    if (!progress || progress->census) {
        census_.reset();
    }
    return progress;
}

core::Result<Nothing> MountWorker::write_last_words(const Request& request) {
    const auto written = agent::write_last_words(settings_, instance_id_, request.text_view());
    return written ? core::Result<Nothing>(Nothing{}) : written.error();
}

core::Result<Reply> MountWorker::handle(const Request& request) {
    if (!request.instance_id().empty()) {
        if (const auto bound = bind_to(request.instance_id()); !bound) {
            return bound.error();
        }
    }
    // The host and its NFS client may have been renamed since this worker started. The names at the
    // time of the claim count.
    if (lock_ && !lock_->holds()) {
        lock_->set_self(this_host(instance_id_));
    }
    using Handlers =
        HandlerTable<WorkerKind::mount,  //
                     Handler<Operation::probe_mount, &MountWorker::probe>,
                     Handler<Operation::ask_lock, &MountWorker::ask_lock>,
                     Handler<Operation::plan_relink, &MountWorker::plan_relink>,
                     Handler<Operation::continue_relink, &MountWorker::continue_relink>,
                     Handler<Operation::begin_census, &MountWorker::begin_census>,
                     Handler<Operation::continue_census, &MountWorker::continue_census>,
                     Handler<Operation::write_last_words, &MountWorker::write_last_words>>;
    return Handlers::handle(*this, request);
}

}  // namespace agent
