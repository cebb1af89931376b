// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/foreground_workers.hpp"

#include "agent/base/log.hpp"
#include "agent/base/privileges.hpp"
#include "agent/clients/imds_client.hpp"
#include "agent/clients/instance_id_lookup.hpp"
#include "agent/worker/worker.hpp"

#include <boost/asio/co_spawn.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

namespace agent {
namespace asio = boost::asio;

namespace {

/// An idle worker ends at once when its control closes; one that is in the middle of a look is then
/// killed.
constexpr std::chrono::milliseconds longest_farewell{500};
/// A process that hangs on the mount may not even die. It is not waited for any longer.
constexpr std::chrono::milliseconds longest_death{1000};
constexpr std::chrono::milliseconds look_again{2};

/// Reaps those that end in time; returns the others.
std::vector<pid_t> await_end(std::vector<pid_t> workers, std::chrono::milliseconds longest) {
    const auto until = std::chrono::steady_clock::now() + longest;
    const auto reaped = [](pid_t worker) { return ::waitpid(worker, nullptr, WNOHANG) != 0; };
    for (;;) {
        std::erase_if(workers, reaped);
        if (workers.empty() || std::chrono::steady_clock::now() >= until) {
            return workers;
        }
        std::this_thread::sleep_for(look_again);
    }
}

}  // namespace

ForegroundWorkers::ForegroundWorkers(core::Settings settings)
    : settings_(std::move(settings)), collector_(io_) {
}

/// What is left in a unit's control group when its command has ended is an unclean end to systemd,
/// which says so.
ForegroundWorkers::~ForegroundWorkers() {
    controls_.clear();
    const std::vector<pid_t> busy = await_end(workers_, longest_farewell);
    for (const pid_t worker : busy) {
        ::kill(worker, SIGKILL);
    }
    static_cast<void>(await_end(busy, longest_death));
}

core::Result<void> ForegroundWorkers::start_workers() {
    std::signal(SIGPIPE, SIG_IGN);
    const auto account = find_account(settings_.user);
    if (!account) {
        log(Priority::warning, "systemd is not asked, nor the journal: " + account.error().message);
    }
    for (const WorkerKind kind : {WorkerKind::host, WorkerKind::mount, WorkerKind::systemd}) {
        if (kind == WorkerKind::systemd && !account) {
            continue;
        }
        auto worker = start_worker(kind, settings_, account ? *account : Account{});
        if (!worker) {
            return worker.error();
        }
        collector_.client(kind).connect(std::move(worker->channel));
        controls_.push_back(std::move(worker->control));
        workers_.push_back(worker->pid);
    }
    return {};
}

asio::awaitable<void> ForegroundWorkers::identify() {
    auto files = co_await collector_.identity_files(settings_);
    ImdsClient imds(io_.get_executor(), parse_imds_endpoint(settings_.imds.endpoint).value());
    auto identity = co_await resolve_identity(settings_.instance_id, std::move(files), imds);
    if (identity) {
        collector_.set_identity(identity->id);
    } else {
        collector_.set_identity_error(identity.error().message);
    }
}

core::Result<void> ForegroundWorkers::run(std::function<asio::awaitable<void>()> work) {
    if (::geteuid() != 0) {
        return core::Error{
            core::Errc::denied,
            "this needs root (sudo): it reads /proc of Postfix's master and the shared mount; as "
            "another user ask the running agent: postfix-elb-agent status"};
    }
    if (auto started = start_workers(); !started) {
        return started;
    }
    const auto whole = [this, &work]() -> asio::awaitable<void> {
        co_await identify();
        co_await work();
        io_.stop();
    };
    asio::co_spawn(io_, whole, [](std::exception_ptr error) {
        if (error) {
            std::rethrow_exception(error);
        }
    });
    io_.run();
    return {};
}

}  // namespace agent
