// SPDX-License-Identifier: Apache-2.0
#include "agent/clock.hpp"
#include "agent/commands/commands.hpp"
#include "agent/commands/exit_status.hpp"
#include "agent/commands/one_shot.hpp"
#include "agent/server/board.hpp"
#include "agent/server/health_json.hpp"
#include "core/health.hpp"
#include "core/startup_log.hpp"

#include <cstdio>

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

int check_command(const core::Settings& settings, bool json) {
    OneShot shot(settings);
    const auto ran = shot.run([&shot] { return look_once(shot); });
    if (!ran) {
        std::fprintf(stderr, "postfix-elb-agent: %s\n", ran.error().message.c_str());
        return exit_unknown;
    }
    if (!shot.observer().facts().host.value) {
        std::fprintf(stderr, "postfix-elb-agent: this host could not be looked at: the host worker did not answer\n");
        return exit_unknown;
    }
    core::Health health;
    const core::Verdict verdict = health.evaluate(shot.observer().facts(), settings, now());
    const std::string text = json
                                 ? render_health(verdict, {HealthView::Kind::health}, JsonStyle::pretty, this_release())
                                 : render_table(report_of(verdict));
    std::fputs(text.c_str(), stdout);
    return exit_status(verdict.health);
}

}  // namespace agent
