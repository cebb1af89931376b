// SPDX-License-Identifier: Apache-2.0
#include "agent/relink/relinker.hpp"

#include "agent/base/clock.hpp"
#include "agent/mount/agent_directory.hpp"
#include "core/model/remedies.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace agent {
namespace {

using Clock = std::chrono::steady_clock;
using Kind = core::RelinkStep::Kind;
using State = core::RelinkProgress::State;

struct ErrorRemedy {
    core::Errc code;
    core::RemedyTemplate remedy;
};

constexpr core::RemedyTemplate read_the_output{
    "Remove the cause that the output names; the agent retries automatically.",
    {core::command::agent_journal}};

constexpr std::array remedies{
    ErrorRemedy{core::Errc::no_space,
                {"Free space there or raise the quota; the agent retries automatically.",
                 {"df -h {mount} /var; df -i {mount} /var"}}},
    ErrorRemedy{core::Errc::read_only,
                {"Make that file system writable; the agent retries automatically.",
                 {core::command::find_mount, "findmnt -T /var"}}},
    ErrorRemedy{core::Errc::denied,
                {"Let root write there: no root squashing (EFS: allow "
                 "elasticfilesystem:ClientRootAccess, and use no access point with a POSIX user).",
                 {"sudo ls -la {mount}", core::command::find_mount}}},
    ErrorRemedy{core::Errc::stale,
                {"The mounted directory no longer exists on the server: remount the file system "
                 "(the lines about rsyslog are for hosts that have it).",
                 {core::command::stop_users, core::command::stop_rsyslog, core::command::remount,
                  core::command::start_rsyslog, core::command::start_users}}},
    ErrorRemedy{core::Errc::io_error,
                {"Read the kernel's messages about the disk or the file server; the agent retries "
                 "automatically.",
                 {"sudo dmesg -T | tail -n 50"}}},
    ErrorRemedy{core::Errc::exists,
                {"Move away what is in the way there; the agent retries automatically.",
                 {core::command::agent_journal}}},
    ErrorRemedy{core::Errc::unsupported,
                {"The file system cannot do this: stop Postfix, do this one step by hand, and "
                 "restart the agent.",
                 {core::command::stop_postfix, core::command::dry_run, core::command::restart_agent,
                  core::command::start_if_linked}}},
};

const core::RemedyTemplate& remedy_for(core::Errc code) {
    const auto row = std::ranges::find(remedies, code, &ErrorRemedy::code);
    return row == remedies.end() ? read_the_output : row->remedy;
}

}  // namespace

Relinker::Relinker(core::Settings settings, std::string instance_id, OwnerLock& lock,
                   FindMasters find_masters)
    : settings_(std::move(settings)),
      instance_id_(std::move(instance_id)),
      paths_(core::paths_for(settings_, instance_id_)),
      lock_(lock),
      find_masters_(std::move(find_masters)) {
}

core::Result<RelinkObservation> Relinker::observe() {
    auto masters = find_masters_();
    if (masters.has_error()) {
        return masters.error();
    }
    return observe_relink(settings_, instance_id_, lock_, std::move(*masters));
}

core::Result<core::RelinkPlan> Relinker::plan() {
    const auto observed = observe();
    if (observed.has_error()) {
        return observed.error();
    }
    return core::plan_relink(observed->facts, settings_);
}

core::RelinkProgress Relinker::continue_for(std::chrono::milliseconds budget) {
    const auto deadline = Clock::now() + budget;
    bool worked = false;
    while (true) {
        if (!run_) {
            if (const auto end = look()) {
                return *end;
            }
        }
        if (run_->next == run_->steps.size() || at_first_link_step()) {
            run_.reset();
            continue;
        }
        const core::RelinkStep& step = run_->steps[run_->next];
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (worked && left.count() <= 0 && !core::is_link_step(step.kind)) {
            return in_work(step);
        }
        worked = true;
        const auto slice = carry_out(step, left);
        if (slice.has_error()) {
            return fail(core::to_string(step.kind), slice.error());
        }
        if (*slice == Slice::done) {
            log_.push_back("done: " + core::describe(step));
            ++run_->next;
        }
    }
}

/// Begins a run. A progress if there is none to begin: nothing to do, or it may not be done.
std::optional<core::RelinkProgress> Relinker::look() {
    auto observed = observe();
    if (observed.has_error()) {
        return fail("look", observed.error());
    }
    core::RelinkPlan plan = core::plan_relink(observed->facts, settings_);
    for (std::string& note : plan.notes) {
        if (std::ranges::find(notes_, note) == notes_.end()) {
            log_.push_back(note);
            notes_.push_back(std::move(note));
        }
    }
    if (plan.doubtful) {
        return report(State::failed, "look: " + *plan.refusal, plan.remedy);
    }
    if (plan.refusal) {
        if (plan.waiting) {
            return report(State::pending, "waiting: " + *plan.refusal, plan.remedy);
        }
        return report(State::refused, *plan.refusal, plan.remedy);
    }
    if (plan.steps.empty()) {
        return report(State::done, paths_.link + " leads to " + paths_.queue);
    }
    if (++looks_ > max_looks) {
        return fail("verify",
                    core::Error{core::Errc::other, "after " + std::to_string(max_looks) +
                                                       " tries it still remains to " +
                                                       core::describe(plan.steps.front())});
    }
    Run run;
    run.mount = std::move(observed->mount);
    run.steps = std::move(plan.steps);
    run_ = std::move(run);
    return std::nullopt;
}

bool Relinker::at_first_link_step() const {
    const std::size_t next = run_->next;
    return next > 0 && core::is_link_step(run_->steps[next].kind) &&
           !core::is_link_step(run_->steps[next - 1].kind);
}

core::Result<Slice> Relinker::carry_out(const core::RelinkStep& step,
                                        std::chrono::milliseconds budget) {
    const auto verified = run_->mount->verify(settings_);
    if (verified.has_error()) {
        return verified.error();
    }
    // A copy takes a while, and the queue must not come to be in the name of an id that was lost
    // meanwhile.
    if (step.kind == Kind::publish_queue || step.kind == Kind::mend_queue) {
        const auto proven = prove_ownership();
        if (proven.has_error()) {
            return proven.error();
        }
    }
    const int mount = run_->mount->fd();
    if (step.kind != Kind::claim) {
        changed_ = true;
    }
    const auto done = [](const core::Result<void>& result) -> core::Result<Slice> {
        return result.has_error() ? core::Result<Slice>(result.error())
                                  : core::Result<Slice>(Slice::done);
    };
    switch (step.kind) {
        case Kind::make_agent_directory: return done(make_agent_directory(mount, paths_));
        case Kind::claim: return done(claim());
        case Kind::discard_staging: return remove_slice(budget);
        case Kind::copy_skeleton: return copy_slice(step, budget);
        case Kind::publish_queue: return done(publish_queue(mount, paths_, instance_id_));
        case Kind::mend_queue:
            return done(mend_queue(mount, paths_, instance_id_, step.directories));
        case Kind::discard_new_link: return done(discard_new_link(step.to));
        case Kind::make_link: return done(make_link(step, paths_));
        case Kind::exchange_link: return done(exchange_link(step, paths_));
    }
    return Slice::done;
}

core::Result<void> Relinker::claim() {
    const auto claimed = lock_.claim(*run_->mount, now());
    if (claimed.has_error()) {
        return claimed.error();
    }
    changed_ = changed_ || lock_.wrote();
    if (claimed->state != core::OwnershipFacts::State::held) {
        return core::Error{core::Errc::locked,
                           "another took the id " + instance_id_ + " meanwhile"};
    }
    return {};
}

core::Result<void> Relinker::prove_ownership() {
    const core::OwnershipFacts facts = lock_.observe(*run_->mount);
    if (facts.state != core::OwnershipFacts::State::held) {
        return core::Error{core::Errc::locked, "the lock on the id " + instance_id_ +
                                                   " was lost meanwhile" +
                                                   (facts.error.empty() ? "" : ": " + facts.error)};
    }
    return {};
}

core::Result<void> Relinker::open_staging() {
    if (run_->agent_directory) {
        return {};
    }
    auto agent_directory = open_agent_directory(run_->mount->fd(), paths_);
    if (agent_directory.has_error()) {
        return agent_directory.error();
    }
    run_->agent_directory = std::move(*agent_directory);
    return {};
}

core::Result<Slice> Relinker::remove_slice(std::chrono::milliseconds budget) {
    const auto opened = open_staging();
    if (opened.has_error()) {
        return opened.error();
    }
    if (!run_->remove) {
        run_->remove.emplace(
            Target{run_->agent_directory->staging.get(), instance_id_, paths_.staging});
    }
    return run_->remove->continue_for(budget);
}

core::Result<Slice> Relinker::copy_slice(const core::RelinkStep& step,
                                         std::chrono::milliseconds budget) {
    const auto opened = open_staging();
    if (opened.has_error()) {
        return opened.error();
    }
    const int staging = run_->agent_directory->staging.get();
    if (!run_->copy) {
        const Durability durability =
            run_->mount->is_nfs() ? Durability::by_server : Durability::by_sync;
        run_->copy.emplace(step.from, Target{staging, instance_id_, paths_.staging}, durability);
    }
    const auto slice = run_->copy->continue_for(budget);
    for (std::string& line : run_->copy->take_log()) {
        log_.push_back(std::move(line));
    }
    if (slice.has_error() || *slice == Slice::more || step.directories.empty()) {
        return slice;
    }
    const auto completed = complete_staging(staging, paths_, instance_id_, step.directories);
    return completed.has_error() ? core::Result<Slice>(completed.error()) : slice;
}

core::RelinkProgress Relinker::fail(std::string_view step, const core::Error& error) {
    return report(State::failed, std::string(step) + ": " + error.message,
                  core::filled(remedy_for(error.code), settings_, instance_id_));
}

/// A retried relink still reports why it failed until that has changed: the cause stays visible,
/// however long a retry takes.
core::RelinkProgress Relinker::in_work(const core::RelinkStep& step) {
    core::RelinkProgress progress;
    if (failure_) {
        progress = *failure_;
    } else {
        progress.text = "to do: " + core::describe(step);
    }
    progress.log = std::exchange(log_, {});
    progress.changed = changed_;
    progress.more = true;
    return progress;
}

/// The end of a try.
core::RelinkProgress Relinker::report(State state, std::string text, core::Remedy remedy) {
    run_.reset();
    looks_ = 0;
    core::RelinkProgress progress;
    progress.state = state;
    progress.text = std::move(text);
    progress.remedy = std::move(remedy);
    failure_ = state == State::failed ? std::optional(progress) : std::nullopt;
    progress.log = std::exchange(log_, {});
    progress.changed = changed_;
    if (state == State::done) {
        changed_ = false;
    }
    return progress;
}

}  // namespace agent
