// SPDX-License-Identifier: Apache-2.0
#include "agent/base/clock.hpp"
#include "agent/commands/commands.hpp"
#include "agent/commands/foreground_workers.hpp"
#include "core/checks/finding_builder.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdio>
#include <string>

namespace agent {
namespace asio = boost::asio;

namespace {

constexpr int done = 0;
constexpr int refused = 2;

using State = core::RelinkProgress::State;

void say(const std::string& line) {
    std::printf("%s\n", line.c_str());
}

int refuse(const std::string& why, const core::Remedy& remedy) {
    std::fprintf(stderr, "postfix-elb-agent: relink: %s\n", why.c_str());
    if (!remedy.advice.empty()) {
        std::fprintf(stderr, "postfix-elb-agent: what to do: %s\n", remedy.advice.c_str());
    }
    for (const std::string& command : remedy.commands) {
        std::fprintf(stderr, "    %s\n", command.c_str());
    }
    return refused;
}

asio::awaitable<void> pause(core::Duration duration) {
    asio::steady_timer timer(co_await asio::this_coro::executor, duration);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

/// Waits for the mount as long as mount.wait says; anything else is tried once.
asio::awaitable<void> relink_to_the_end(ForegroundWorkers& shot) {
    if (shot.collector().facts().instance_id.empty()) {
        co_return;
    }
    constexpr core::Duration look_again = std::chrono::milliseconds(500);
    const core::BootTime until = now().boot + shot.settings().mount.wait;
    bool reported = false;
    for (;;) {
        co_await shot.collector().continue_relink(shot.settings());
        const core::RelinkProgress& progress = *shot.collector().facts().relink.value;
        for (const std::string& line : progress.log) {
            say(line);
        }
        if (progress.more) {
            continue;
        }
        if (progress.state != State::pending || now().boot >= until) {
            co_return;
        }
        if (!reported) {
            say(progress.text);
            reported = true;
        }
        co_await pause(look_again);
    }
}

int do_relink(ForegroundWorkers& shot) {
    const auto ran = shot.run([&shot] { return relink_to_the_end(shot); });
    if (!ran) {
        return refuse(ran.error().message, {});
    }
    const core::Facts& facts = shot.collector().facts();
    if (!facts.relink.value) {
        return refuse("the instance id is not known: " + facts.identity_error,
                      core::unknown_id_remedy(shot.settings()));
    }
    const core::RelinkProgress& progress = *facts.relink.value;
    if (progress.state != State::done) {
        return refuse(progress.text, progress.remedy);
    }
    say(progress.text);
    return done;
}

int print_plan(ForegroundWorkers& shot) {
    core::Result<RelinkPlanReply> plan = core::Error{};
    const auto ran = shot.run([&shot, &plan]() -> asio::awaitable<void> {
        if (shot.collector().facts().instance_id.empty()) {
            plan = core::Error{core::Errc::missing, "the instance id is not known: " +
                                                        shot.collector().facts().identity_error};
            co_return;
        }
        plan = co_await shot.collector().plan_relink(shot.settings());
    });
    if (!ran || !plan) {
        return refuse(ran ? plan.error().message : ran.error().message, {});
    }
    for (const std::string& note : plan->notes) {
        say("note: " + note);
    }
    if (!plan->refusal.empty()) {
        return refuse(plan->refusal, plan->remedy);
    }
    if (plan->steps.empty()) {
        say("nothing to do");
    }
    for (const std::string& step : plan->steps) {
        say("would " + step);
    }
    return done;
}

}  // namespace

int relink_command(const core::Settings& settings, bool dry_run) {
    ForegroundWorkers shot(settings);
    return dry_run ? print_plan(shot) : do_relink(shot);
}

}  // namespace agent
