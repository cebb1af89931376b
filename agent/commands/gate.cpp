// SPDX-License-Identifier: Apache-2.0
#include "agent/base/clock.hpp"
#include "agent/base/privileges.hpp"
#include "agent/commands/commands.hpp"
#include "agent/commands/foreground_workers.hpp"
#include "agent/host/refused_units.hpp"
#include "core/checks/checks.hpp"
#include "core/verdict/gate_wait.hpp"
#include "systemd/monotonic.hpp"
#include "systemd/unit_calls.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <thread>

namespace agent {
namespace {

constexpr const char* agent_unit = "postfix-elb-agent.service";
constexpr std::chrono::milliseconds answer_within{3'000};
constexpr std::chrono::milliseconds look_again{500};

constexpr int allowed = 0;
constexpr int refused = 1;
/// To ExecCondition= of systemd.service(5) all below 255 means "skipped", as if nothing were wrong.
constexpr int refused_to_unit = 255;

void say(const std::string& line) {
    std::fprintf(stderr, "postfix-elb-agent: %s\n", line.c_str());
}

int refuse(const std::string& why) {
    say("Postfix may not start: " + why);
    return refused;
}

int refuse_unit(const std::string& unit, const std::string& why) {
    refuse(why);
    auto marked = make_runtime_directory();
    if (marked) {
        marked = RefusedUnits().mark(unit, why);
    }
    if (!marked) {
        say(unit + " will not be started automatically later: " + marked.error().message);
    }
    return refused_to_unit;
}

core::Result<void> ask_facts(const core::Settings& settings) {
    ForegroundWorkers shot(settings);
    auto looked = shot.run([&shot] { return shot.collector().collect(shot.settings()); });
    return looked ? core::may_start(shot.collector().facts(), settings, now()) : looked;
}

/// Without an answer at first nothing is waited for. A bus that goes away later is one more thing
/// that boots.
void wait_for_agent(const core::Settings& settings) {
    const auto time = [] { return systemd::clock_now(CLOCK_MONOTONIC); };
    core::GateWait wait(settings.mount.wait, time());
    std::optional<core::StartingUnit> unit;
    std::string said;
    for (;;) {
        if (auto answer = systemd::ask_unit(agent_unit, answer_within); answer) {
            unit = std::move(*answer);
        }
        if (!unit || !wait.goes_on(*unit, time())) {
            return;
        }
        if (std::string words = wait.text(*unit); words != said) {
            said = std::move(words);
            say(said);
        }
        std::this_thread::sleep_for(look_again);
    }
}

/// An exception that left here would end in an exit status that systemd takes for "skipped".
core::Result<void> ask_for_unit(const core::Settings& settings) {
    try {
        wait_for_agent(settings);
        return ask_facts(settings);
    } catch (const std::exception& error) {
        return core::Error{core::Errc::other, std::string("unexpected: ") + error.what()};
    }
}

int gate_of_unit(const core::Settings& settings, const std::string& unit) {
    const auto verdict = ask_for_unit(settings);
    if (!verdict) {
        return refuse_unit(unit, verdict.error().message);
    }
    if (const auto cleared = RefusedUnits().clear(unit); !cleared) {
        say(cleared.error().message);
    }
    return allowed;
}

int not_a_unit(const std::string& unit) {
    refuse("--unit " + unit +
           " is not a unit of Postfix; expected postfix.service or postfix@<instance>.service");
    return refused_to_unit;
}

}  // namespace

int gate_command(const core::Settings& settings, const std::string& unit) {
    if (!unit.empty()) {
        return RefusedUnits::accepts(unit) ? gate_of_unit(settings, unit) : not_a_unit(unit);
    }
    const auto verdict = ask_facts(settings);
    return verdict ? allowed : refuse(verdict.error().message);
}

int gate_without_settings(const config::Problems& problems, const std::string& unit) {
    const int status = report_settings_errors(Command::gate, problems);
    if (unit.empty()) {
        return status;
    }
    return RefusedUnits::accepts(unit)
               ? refuse_unit(unit,
                             "the settings have errors; correct them (postfix-elb-agent config "
                             "check), then sudo "
                             "systemctl restart postfix-elb-agent, which starts Postfix, too")
               : not_a_unit(unit);
}

}  // namespace agent
