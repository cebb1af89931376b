// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/verdict.hpp"

#include "core/verdict/fault_attribution_text.hpp"

#include <algorithm>
#include <utility>

namespace core {

namespace {

constexpr std::array<std::string_view, 5> phase_names{"starting", "relinking", "awaiting_postfix",
                                                      "serving", "draining"};

std::string headline(const Finding& finding) {
    std::string out(to_string(finding.check));
    return out.append(" ").append(to_string(finding.reason)).append(": ").append(finding.output);
}

std::string why_not_ready(const Verdict& verdict, const Finding& worst) {
    if (verdict.ready != Status::fail || verdict.health == Status::fail) {
        return {};
    }
    return verdict.phase == Phase::serving
               ? headline(worst)
               : "no new mail is wanted here: " + std::string(to_string(verdict.phase));
}

/// "1 of 2 rounds"
std::string rounds(int counted, int needed) {
    return std::to_string(counted) + " of " + std::to_string(needed) + " rounds";
}

/// Before any hysteresis, because the file server must be asked before the fault counts.
MountCondition condition_of_mount(const Findings& findings, const Facts& facts) {
    const Finding& mount = findings[static_cast<std::size_t>(Check::mount)];
    // Without an overdue reply only a worker of the agent hangs.
    const bool hangs = mount.reason == Reason::hung && facts.mount_hung_since;
    const bool failing =
        mount.status == Status::fail && (hangs || mount.reason == Reason::io_error);
    return failing ? MountCondition::failing : MountCondition::works;
}

/// The timer of a round may be a little early. One observation is one round, however often it is
/// judged; an overdue observation counts as a round.
bool counts_again(const Finding& counted, TimePoint counted_at, const Finding& seen,
                  const Settings& settings, TimePoint now) {
    const Duration interval = settings.checks.interval;
    const bool is_new = seen.at.boot > counted.at.boot;
    const bool is_overdue = now.boot - seen.at.boot > interval + interval / 2;
    return now.boot - counted_at.boot >= interval - interval / 10 && (is_new || is_overdue);
}

/// A master whose start fails holds its lock for one second more (msg_fatal(3) of Postfix sleeps),
/// or longer on a busy host.
constexpr std::chrono::seconds longest_end_of_a_failed_start{5};

}  // namespace

std::string_view to_string(Phase phase) noexcept {
    return phase_names[static_cast<std::size_t>(phase)];
}

Finding Health::settle(Memory& memory, const Finding& seen, const Settings& settings,
                       TimePoint now) {
    using State = Hysteresis::State;
    const bool good = seen.status != Status::fail;
    (good ? memory.good : memory.bad) = seen;

    Hysteresis& hysteresis = memory.hysteresis;
    if (memory.restarting && seen.excuse != Excuse::restarting) {
        hysteresis.forgive();  // a fault after a restart must be seen fail_after times, too
    }
    memory.restarting = !good && seen.excuse == Excuse::restarting;
    const bool contradicts = hysteresis.state() == (good ? State::bad : State::good);
    const bool proof = !good && seen.certainty == Certainty::definitive;
    if (!contradicts || proof || hysteresis.streak() == 0 ||
        counts_again(memory.counted, memory.counted_at, seen, settings, now)) {
        memory.counted = seen;
        memory.counted_at = now;
        if (good) {
            hysteresis.observe_good(settings.checks.pass_after);
        } else {
            hysteresis.observe_bad(seen.certainty, settings.checks.fail_after);
        }
    }

    if ((hysteresis.state() == State::good) == good) {
        return seen;
    }
    Finding shown = good ? memory.bad : memory.good;
    shown.at = seen.at;
    shown.observed = seen.observed;
    if (good) {
        shown.output = "passes again (" + rounds(hysteresis.streak(), settings.checks.pass_after) +
                       "), was: " + shown.output;
    } else {
        shown.output = "watched (" + rounds(hysteresis.streak(), settings.checks.fail_after) +
                       "): " + std::string(to_string(seen.reason)) + ": " + seen.output;
    }
    return shown;
}

Phase Health::phase(const Facts& facts) const {
    if (draining_) {
        return Phase::draining;
    }
    if (served_) {
        return Phase::serving;
    }
    if (facts.instance_id.empty() || !facts.host.value) {
        return Phase::starting;
    }
    const bool relinked =
        facts.relink.value && facts.relink.value->state == RelinkProgress::State::done;
    return relinked ? Phase::awaiting_postfix : Phase::relinking;
}

/// A failed start that a proven master outlived is cured, or concerned another Postfix that logs to
/// the same file. It must not count when that master is restarted later.
void Health::remember_what_master_outlived(const Facts& facts, const Settings& settings) {
    const auto& log = facts.startup_log.value;
    if (!log || !log->last_failure) {
        failure_.reset();
        return;
    }
    if (!failure_ || failure_->failure != *log->last_failure) {
        failure_ = SeenFailure{*log->last_failure, facts.startup_log.at.boot};
    }
    // The boot clock, because the clock may have been set after the stamp of the log.
    const ProcessFacts* master = proven_master(facts, settings);
    if (facts.host.at.boot >= failure_->first_seen && master != nullptr &&
        facts.host.at.boot >= started_at(*master) + longest_end_of_a_failed_start) {
        failure_->outlived = true;
    }
}

Findings Health::check(const Facts& facts, const Settings& settings, TimePoint now) const {
    if (!failure_ || !failure_->outlived) {
        return run_checks(facts, settings, now);
    }
    Facts amended = facts;
    amended.startup_log.value->last_failure->beside_master = true;
    return run_checks(amended, settings, now);
}

Verdict Health::evaluate(const Facts& facts, const Settings& settings, TimePoint now) {
    Verdict verdict;
    remember_what_master_outlived(facts, settings);
    verdict.checks = check(facts, settings, now);
    verdict.mount_fault =
        mount_fault_.observe(condition_of_mount(verdict.checks, facts), facts, settings, now);
    for (std::size_t i = 0; i < check_count; ++i) {
        verdict.checks[i] = settle(memory_[i], verdict.checks[i], settings, now);
    }
    const bool has_master = served_ || proven_master(facts, settings) != nullptr;
    excuses_.grant(verdict.checks, mount_fault_, served_, has_master, now);
    Finding& mount = verdict.checks[static_cast<std::size_t>(Check::mount)];
    mount = attributed(std::move(mount), mount_fault_, facts, settings);
    const Finding unexcused = worst_of(verdict.checks);
    for (Finding& finding : verdict.checks) {
        finding.status = finding.excuse == Excuse::none ? finding.status : Status::warn;
    }
    const Finding& worst = worst_of(verdict.checks);
    verdict.health = worst.status;
    verdict.output = worst.status == Status::pass ? std::string() : headline(worst);
    served_ = served_ || verdict.health != Status::fail;
    verdict.phase = phase(facts);
    verdict.ready = verdict.phase == Phase::serving ? unexcused.status : Status::fail;
    verdict.ready_output = why_not_ready(verdict, unexcused);
    verdict.instance_id = facts.instance_id;
    verdict.at = now;
    return verdict;
}

}  // namespace core
