// SPDX-License-Identifier: Apache-2.0
#include "agent/server/census_scheduler.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/log.hpp"
#include "agent/clients/worker_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace agent {
namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr core::Duration forever = std::chrono::hours(24);
/// The longest wait before the next slice. Why: settings and mount may change meanwhile.
constexpr core::Duration longest_pause = std::chrono::seconds(1);

}  // namespace

CensusScheduler::CensusScheduler(asio::io_context& context, HealthMonitor& monitor,
                                 QueueMetrics& metrics)
    : monitor_(monitor), metrics_(metrics), due_(context), pause_(context) {
}

bool CensusScheduler::may_count() const {
    using State = core::RelinkProgress::State;
    const core::Facts& facts = monitor_.collector().facts();
    const bool is_own = facts.relink.value && facts.relink.value->state == State::done;
    const bool answers = !facts.mount_hung_since && facts.mount.value &&
                         facts.mount.value->answer == core::MountFacts::Answer::answered;
    return monitor_.settings().census.interval > core::Duration(0) && !facts.instance_id.empty() &&
           is_own && answers;
}

core::Duration CensusScheduler::until_due() const {
    if (!may_count()) {
        return forever;
    }
    return ended_ ? std::max(*ended_ + monitor_.settings().census.interval - now().boot,
                             core::Duration(0))
                  : core::Duration(0);
}

asio::awaitable<void> CensusScheduler::run() {
    for (;;) {
        const core::Duration wait = until_due();
        if (wait > core::Duration(0)) {
            due_.expires_after(wait);
            co_await due_.async_wait(as_result);
            continue;
        }
        const CensusOutcome outcome = co_await count();
        ended_ = now().boot;
        metrics_.ended(outcome);
    }
}

asio::awaitable<CensusOutcome> CensusScheduler::count() {
    bool begun = false;
    while (may_count()) {
        const std::string& id = monitor_.collector().facts().instance_id;
        const auto request = begun ? make_request<Operation::continue_census>(id)
                                   : make_request<Operation::begin_census>(id);
        WorkerClient& mount = monitor_.collector().client(WorkerKind::mount);
        auto progress = co_await mount.ask_for(request, monitor_.settings().mount.deadline);
        if (!progress) {
            monitor_.request_round();  // to learn the state of the mount
            co_return CensusOutcome::cancelled;
        }
        metrics_.spent(progress->operations);
        if (progress->census) {
            latest_ = std::move(*progress->census);
            metrics_.publish(*latest_);
            if (std::exchange(last_error_, latest_->error) != latest_->error &&
                !latest_->complete) {
                log(Priority::warning, "census: not complete: " + last_error_);
            }
            co_return latest_->complete ? CensusOutcome::complete : CensusOutcome::incomplete;
        }
        begun = true;
        pause_.expires_after(std::clamp(progress->pause, core::Duration(0), longest_pause));
        co_await pause_.async_wait(as_result);
    }
    co_return CensusOutcome::cancelled;
}

}  // namespace agent
