// SPDX-License-Identifier: Apache-2.0
#include "agent/server/fact_collector.hpp"

#include "agent/base/clock.hpp"
#include "core/checks/postfix_unit.hpp"
#include "core/maillog/startup_log.hpp"
#include "core/verdict/fault_attribution.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

bool earlier(const core::TimePoint& one, const core::TimePoint& other) {
    return one.boot < other.boot;
}

using State = core::RelinkProgress::State;

core::RelinkProgress progress(State state, std::string text, core::Remedy remedy = {}) {
    core::RelinkProgress result;
    result.state = state;
    result.text = std::move(text);
    result.remedy = std::move(remedy);
    return result;
}

}  // namespace

FactCollector::FactCollector(asio::io_context& context, WorkerClient::Noticed noticed)
    : noticed_(noticed),
      host_(context, WorkerKind::host, noticed),
      mount_(context, WorkerKind::mount, noticed),
      systemd_(context, WorkerKind::systemd, noticed),
      asked_again_(context),
      file_server_(context.get_executor()) {
}

WorkerClient& FactCollector::client(WorkerKind kind) {
    switch (kind) {
        case WorkerKind::host: return host_;
        case WorkerKind::mount: return mount_;
        case WorkerKind::systemd: break;
    }
    return systemd_;
}

asio::awaitable<IdentityFiles> FactCollector::identity_files(const core::Settings& settings) {
    const auto request = make_request<Operation::read_identity>();
    auto files = co_await host_.ask_for(request, settings.mount.deadline);
    co_return files ? *files : IdentityFiles();
}

void FactCollector::set_identity(std::string instance_id) {
    facts_.instance_id = std::move(instance_id);
    facts_.identity_error.clear();
}

void FactCollector::set_identity_error(std::string error) {
    facts_.identity_error = std::move(error);
}

asio::awaitable<void> FactCollector::collect_mount(const core::Settings& settings) {
    const core::TimePoint at = now();
    const auto request = make_request<Operation::probe_mount>(facts_.instance_id);
    auto mount = co_await mount_.ask_for(request, settings.mount.deadline);
    if (mount) {
        facts_.mount.value = std::move(*mount);
        facts_.mount.at = at;
        facts_.mount_hung_since.reset();
    } else if (!facts_.mount_hung_since) {
        facts_.mount_hung_since =
            mount_.overdue_since();  // kept also after the hung worker has exited
    }
}

asio::awaitable<void> FactCollector::collect_host(const core::Settings& settings) {
    co_await collect_host_after(std::nullopt, settings);
}

asio::awaitable<void> FactCollector::collect_systemd_and_host(const core::Settings& settings) {
    auto systemd = co_await ask_systemd(make_request<Operation::observe_systemd>(), settings);
    co_await collect_host_after(std::move(systemd), settings);
}

asio::awaitable<void> FactCollector::collect_host_after(std::optional<SystemdReply> systemd,
                                                        const core::Settings& settings) {
    core::Observed<core::HostFacts> host;
    host.at = now();
    auto request = make_request<Operation::observe_host>();
    if (facts_.mount.value) {
        request.pid = facts_.mount.value->pid_file.pid;
        request.inode = facts_.mount.value->pid_file.inode;
    }
    auto answer = co_await host_.ask_for(request, settings.mount.deadline);
    if (!answer) {
        co_return;
    }
    host.value = std::move(*answer);
    while (asking_again_) {  // an earlier call
        asked_again_.expires_at(asio::steady_timer::time_point::max());
        co_await asked_again_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    core::Facts found = facts_;
    found.host = host;
    found.systemd = systemd.value_or(found.systemd);
    if (core::unit_misses_its_master(found, settings)) {
        // systemd may have queued a job since. Until it replies, the earlier facts stay published.
        asking_again_ = true;
        systemd = co_await await_systemd(make_request<Operation::ask_systemd>(), settings);
        asking_again_ = false;
        asked_again_.cancel();
    }
    if (maillog_.facts().source == core::StartupLogFacts::Source::reading) {
        // The host worker would have reported a line to read.
        facts_.startup_log.at = std::max(facts_.startup_log.at, host.at, earlier);
    }
    facts_.host = std::move(host);
    if (systemd) {
        facts_.systemd = std::move(*systemd);
    }
}

/// Returns no value for a dead or hung worker, because its last facts are stale.
asio::awaitable<FactCollector::SystemdReply> FactCollector::ask_systemd(
    SystemdRequest request, const core::Settings& settings) {
    const core::TimePoint at = now();
    auto systemd = co_await systemd_.ask_for(request, settings.mount.deadline);
    co_return SystemdReply{systemd ? std::optional(std::move(*systemd)) : std::nullopt, at};
}

/// The systemd worker never waits for systemd; this polls the worker until systemd has answered.
asio::awaitable<FactCollector::SystemdReply> FactCollector::await_systemd(
    SystemdRequest request, const core::Settings& settings) {
    constexpr std::chrono::milliseconds patience{1000};
    constexpr std::chrono::milliseconds poll_interval{20};
    const core::BootTime until = now().boot + patience;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        SystemdReply systemd = co_await ask_systemd(request, settings);
        if (!systemd.value || systemd.value->settled || now().boot >= until) {
            co_return systemd;
        }
        request = make_request<Operation::observe_systemd>();
        timer.expires_after(poll_interval);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void FactCollector::set_startup_log() {
    facts_.startup_log.value = core::merge(maillog_.facts(), journal_.facts());
    facts_.startup_log.at = now();
}

asio::awaitable<void> FactCollector::read_maillog(const core::Settings& settings) {
    const auto counts_journal = [this] {
        return log_counter_ != nullptr && log_counter_->counts(LogCounter::Source::journal);
    };
    const bool counted_journal = counts_journal();
    co_await maillog_.follow(host_, settings, log_counter_);
    set_startup_log();
    if (!counted_journal && counts_journal()) {
        noticed_(worker_event::journal);  // its present lines count from now on
    }
}

asio::awaitable<void> FactCollector::read_journal(const core::Settings& settings) {
    co_await journal_.follow(systemd_, settings, log_counter_);
    set_startup_log();
}

asio::awaitable<void> FactCollector::ask_lock(const core::Settings& settings) {
    const core::TimePoint at = now();
    const auto request = make_request<Operation::ask_lock>(facts_.instance_id);
    auto lock = co_await mount_.ask_for(request, settings.mount.deadline);
    facts_.lock.value.reset();
    if (lock) {
        facts_.lock.value = std::move(*lock);
        facts_.lock.at = at;
    }
}

asio::awaitable<void> FactCollector::ask_file_server(const core::Settings& settings) {
    core::FileServerFacts answer;  // not_asked: without a mount the server is unknown
    if (facts_.host.value && facts_.host.value->mount) {
        const core::MountEntry mount = *facts_.host.value->mount;
        answer = co_await file_server_.ask(mount, core::file_server_deadline(settings));
    }
    facts_.file_server.value = std::move(answer);
    facts_.file_server.at = now();
}

asio::awaitable<void> FactCollector::collect(const core::Settings& settings) {
    co_await collect_mount(settings);
    facts_.systemd = co_await await_systemd(make_request<Operation::observe_systemd>(), settings);
    co_await collect_host(settings);
    co_await read_maillog(settings);
    co_await read_journal(settings);
}

void FactCollector::set_relink(core::RelinkProgress progress) {
    facts_.mount_worked = facts_.mount_worked || progress.state == State::done;
    facts_.relink.value = std::move(progress);
    facts_.relink.at = now();
}

asio::awaitable<void> FactCollector::continue_relink(const core::Settings& settings) {
    const auto request = make_request<Operation::continue_relink>(facts_.instance_id);
    auto slice = co_await mount_.ask_for(request, settings.mount.deadline);
    facts_.mount_hung_since = mount_.overdue_since();
    if (slice) {
        set_relink(std::move(*slice));
    } else {
        const bool late = slice.error().code == core::Errc::timed_out;
        set_relink(progress(late ? State::pending : State::failed, slice.error().message,
                            {"The relink continues automatically when the mount answers.", {}}));
    }
}

asio::awaitable<core::Result<RelinkPlanReply>> FactCollector::plan_relink(
    const core::Settings& settings) {
    const auto request = make_request<Operation::plan_relink>(facts_.instance_id);
    co_return co_await mount_.ask_for(request, settings.mount.deadline);
}

void FactCollector::set_relink_plan(const RelinkPlanReply& plan) {
    if (!plan.refusal.empty()) {
        set_relink(
            progress(plan.waiting ? State::pending : State::refused, plan.refusal, plan.remedy));
    } else if (plan.steps.empty() || plan.only_claim) {
        set_relink(progress(State::done, "the queue is linked"));
    } else {
        set_relink(progress(
            State::pending, "still to do: " + plan.steps.front(),
            {"Start the agent, which relinks.", {"sudo systemctl start postfix-elb-agent"}}));
    }
}

}  // namespace agent
