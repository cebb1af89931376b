// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/check_once.hpp"

#include "agent/clock.hpp"
#include "agent/commands/one_shot.hpp"
#include "core/startup_log.hpp"

namespace agent {
namespace {

boost::asio::awaitable<void> look_once(OneShot& shot) {
    co_await shot.observer().look(shot.settings());
    if (core::lock_matters(shot.observer().facts(), shot.settings())) {
        co_await shot.observer().ask_lock(shot.settings());
    }
    auto plan = co_await shot.observer().plan_relink(shot.settings());
    if (plan) {
        shot.observer().relink_stands_as(*plan);
    }
}

}  // namespace

core::Result<core::Verdict> check_once(const core::Settings& settings) {
    OneShot shot(settings);
    const auto ran = shot.run([&shot] { return look_once(shot); });
    if (!ran) {
        return ran.error();
    }
    if (!shot.observer().facts().host.value) {
        return core::Error{core::Errc::unavailable, "this host could not be looked at: the host worker did not answer"};
    }
    core::Health health;
    return health.evaluate(shot.observer().facts(), settings, now());
}

}  // namespace agent
