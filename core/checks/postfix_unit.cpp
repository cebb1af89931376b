// SPDX-License-Identifier: Apache-2.0
#include "core/checks/postfix_unit.hpp"

#include "core/checks/checks.hpp"
#include "core/maillog/startup_log.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace core {
namespace {

using State = PostfixUnit::State;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Every job leaves a running Postfix, except "stop" and those that change nothing.
State state_of(const UnitFacts& unit) {
    const bool will_run =
        !unit.job.empty() && !is_one_of(unit.job, {"stop", "nop", "verify-active"});
    if (will_run || is_one_of(unit.active_state, {"activating", "reloading", "refreshing"})) {
        return State::changing;
    }
    return is_one_of(unit.active_state, {"inactive", "failed"}) ? State::down : State::up;
}

std::string describe(const UnitFacts& unit) {
    std::string text = unit.name + " is " + unit.active_state;
    text += unit.sub_state.empty() || unit.sub_state == unit.active_state
                ? ""
                : " (" + unit.sub_state + ")";
    return unit.job.empty() ? text : text + ", job " + unit.job;
}

/// The lower, the more the state counts.
std::size_t rank(State state) {
    static constexpr std::array<State, 4> order{State::changing, State::up, State::down,
                                                State::unknown};
    return static_cast<std::size_t>(std::find(order.begin(), order.end(), state) - order.begin());
}

}  // namespace

PostfixUnit postfix_unit(const Facts& facts) {
    PostfixUnit found;
    if (!facts.systemd.value || !facts.systemd.value->reachable) {
        return found;
    }
    const auto& units = facts.systemd.value->units;
    const auto is_real = [](const UnitFacts& unit) {
        return unit.load_state == "loaded" && unit.has_processes;
    };
    const bool any_real = std::any_of(units.begin(), units.end(), is_real);
    for (const UnitFacts& unit : units) {
        const bool counts = any_real ? is_real(unit) : unit.load_state == "loaded";
        if (counts && rank(state_of(unit)) < rank(found.state)) {
            found = {state_of(unit), unit.name, describe(unit)};
        }
    }
    return found;
}

bool unit_misses_its_master(const Facts& facts, const Settings& settings) {
    return !facts.instance_id.empty() && postfix_unit(facts).state == State::up &&
           proven_master(facts, settings) == nullptr;
}

bool lock_matters(const Facts& facts, const Settings& settings) {
    if (facts.instance_id.empty()) {
        return false;
    }
    if (proven_master(facts, settings) != nullptr) {
        return server_keeps_locks(facts);
    }
    const auto& log = facts.startup_log.value;
    return log && is_uncured(*log) && log->last_failure->kind != StartFailure::Kind::start_failed;
}

}  // namespace core
