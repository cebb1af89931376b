// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/check_once.hpp"

#include "agent/base/clock.hpp"
#include "agent/commands/foreground_workers.hpp"
#include "core/checks/postfix_unit.hpp"

namespace agent {
namespace {

boost::asio::awaitable<void> look_once(ForegroundWorkers& shot) {
    co_await shot.collector().collect(shot.settings());
    if (core::lock_matters(shot.collector().facts(), shot.settings())) {
        co_await shot.collector().ask_lock(shot.settings());
    }
    auto plan = co_await shot.collector().plan_relink(shot.settings());
    if (plan) {
        shot.collector().set_relink_plan(*plan);
    }
}

}  // namespace

core::Result<core::Verdict> check_once(const core::Settings& settings) {
    ForegroundWorkers shot(settings);
    const auto ran = shot.run([&shot] { return look_once(shot); });
    if (!ran) {
        return ran.error();
    }
    if (!shot.collector().facts().host.value) {
        return core::Error{core::Errc::unavailable,
                           "this host could not be looked at: the host worker did not answer"};
    }
    core::Health health;
    return health.evaluate(shot.collector().facts(), settings, now());
}

}  // namespace agent
