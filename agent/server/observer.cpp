// SPDX-License-Identifier: Apache-2.0
#include "agent/server/observer.hpp"

#include "agent/clock.hpp"

#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

using State = core::RelinkProgress::State;

core::RelinkProgress progress(State state, std::string text, std::string remedy = {}) {
    core::RelinkProgress result;
    result.state = state;
    result.text = std::move(text);
    result.remedy = std::move(remedy);
    return result;
}

}  // namespace

Observer::Observer(asio::io_context& context) : host_(context, WorkerKind::host), mount_(context, WorkerKind::mount) {
}

asio::awaitable<IdentityFiles> Observer::identity_files(const core::Settings& settings) {
    const Request request = make_request(Operation::read_identity);
    auto files = co_await host_.ask_for<IdentityFiles>(request, settings.mount.deadline);
    co_return files ? *files : IdentityFiles();
}

void Observer::set_identity(std::string instance_id) {
    facts_.instance_id = std::move(instance_id);
    facts_.identity_error.clear();
}

void Observer::set_identity_error(std::string error) {
    facts_.identity_error = std::move(error);
}

asio::awaitable<void> Observer::look_at_mount(const core::Settings& settings) {
    const core::Moment at = now();
    const Request request = make_request(Operation::probe_mount, facts_.instance_id);
    auto mount = co_await mount_.ask_for<core::MountFacts>(request, settings.mount.deadline);
    if (mount) {
        facts_.mount.value = std::move(*mount);
        facts_.mount.at = at;
    }
    facts_.mount_hung_since = mount_.overdue_since();
}

asio::awaitable<void> Observer::look_at_host(const core::Settings& settings) {
    const core::Moment at = now();
    Request request = make_request(Operation::observe_host);
    request.pid = facts_.mount.value ? facts_.mount.value->pid_file.pid : 0;
    auto host = co_await host_.ask_for<core::HostFacts>(request, settings.mount.deadline);
    if (host) {
        facts_.host.value = std::move(*host);
        facts_.host.at = at;
    }
}

asio::awaitable<void> Observer::look(const core::Settings& settings) {
    co_await look_at_mount(settings);
    co_await look_at_host(settings);
    co_await maillog_.follow(host_, settings);
    facts_.startup_log.value = maillog_.facts();
    facts_.startup_log.at = now();
}

void Observer::set_relink(core::RelinkProgress progress) {
    facts_.relink.value = std::move(progress);
    facts_.relink.at = now();
}

asio::awaitable<void> Observer::continue_relink(const core::Settings& settings) {
    const Request request = make_request(Operation::continue_relink, facts_.instance_id);
    auto slice = co_await mount_.ask_for<core::RelinkProgress>(request, settings.mount.deadline);
    facts_.mount_hung_since = mount_.overdue_since();
    if (slice) {
        set_relink(std::move(*slice));
    } else {
        const bool late = slice.error().code == core::Errc::timed_out;
        set_relink(progress(late ? State::pending : State::failed, slice.error().message,
                            "the relink goes on by itself when the mount answers"));
    }
}

asio::awaitable<core::Result<PlanPrinted>> Observer::plan_relink(const core::Settings& settings) {
    const Request request = make_request(Operation::plan_relink, facts_.instance_id);
    co_return co_await mount_.ask_for<PlanPrinted>(request, settings.mount.deadline);
}

void Observer::relink_stands_as(const PlanPrinted& plan) {
    if (!plan.refusal.empty()) {
        set_relink(progress(plan.waiting ? State::pending : State::refused, plan.refusal, plan.remedy));
    } else if (plan.steps.empty() || plan.only_claim) {
        set_relink(progress(State::done, "the queue is linked"));
    } else {
        set_relink(progress(State::pending, "still to do: " + plan.steps.front(),
                            "start the agent, or run postfix-elb-agent relink"));
    }
}

}  // namespace agent
