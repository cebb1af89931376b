// SPDX-License-Identifier: Apache-2.0
// "Already running" is a symptom: postfix-script prints it whenever `master -t` fails, for whatever cause. With a
// proven master of this queue such a line is an operator's second start. Without one, the facts are asked for the
// cause. What is wrong with the log itself is never more than a warning: a fault of logging is no reason to replace a
// host.
#include "core/judge.hpp"
#include "core/printable.hpp"
#include "core/timestamp.hpp"

#include <array>
#include <optional>

namespace core {

namespace {

constexpr std::size_t longest_quote = 240;

Reason reason_of(StartFailure::Kind kind) {
    static constexpr std::array<Reason, 3> reasons{Reason::already_running, Reason::lock_refused, Reason::start_failed};
    return reasons[static_cast<std::size_t>(kind)];
}

/// An uncured failure and what may explain it.
struct Case {
    const Facts& facts;
    const Settings& settings;
    const StartFailure& failure;
};

// Clues, each looked for in turn: what explains a failure best comes first. An empty answer: nothing to see.
using Clue = std::string (*)(const Case&);

std::string read_only_mount(const Case& c) {
    const bool seen = c.facts.host.value && c.facts.host.value->mount && c.facts.host.value->mount->read_only;
    return seen ? c.settings.mount.path + " is mounted read-only" : std::string();
}

std::string no_mount(const Case& c) {
    const bool seen = c.facts.host.value && !c.facts.host.value->mount;
    return seen ? "nothing is mounted at " + c.settings.mount.path : std::string();
}

std::string silent_mount(const Case& c) {
    if (c.facts.mount_hung_since) {
        return c.settings.mount.path + " does not answer";
    }
    const bool error = c.facts.mount.value && c.facts.mount.value->answer != MountFacts::Answer::answered;
    return error ? why_not_answered(*c.facts.mount.value, c.settings) : std::string();
}

std::string before_the_relink(const Case& c) {
    const auto& relink = c.facts.relink;
    if (!relink.value || relink.value->state != RelinkProgress::State::done) {
        return "Postfix was started before the relink was done, in whatever queue the link named then";
    }
    const bool earlier = relink.value->changed && c.failure.at < relink.at.wall;
    return earlier ? "Postfix was started before the relink was done (at " + rfc3339(relink.at.wall) +
                         "), in whatever queue the link named then"
                   : std::string();
}

std::string unusable_pid_file(const Case& c) {
    if (!c.facts.mount.value) {
        return {};
    }
    const std::string path = paths_for(c.settings, c.facts.instance_id).pid_file;
    const PidFileFacts& file = c.facts.mount.value->pid_file;
    switch (file.kind) {
        case PidFileFacts::Kind::not_a_file: return path + " is not a regular file";
        case PidFileFacts::Kind::unreadable: return path + " could not be read: " + file.error;
        case PidFileFacts::Kind::absent: return {};
        case PidFileFacts::Kind::present:
        case PidFileFacts::Kind::garbage: break;
    }
    return file.links > 1 ? path + " has " + std::to_string(file.links) + " hard links, which Postfix refuses"
                          : std::string();
}

std::string master_of_this_host(const Case& c) {
    if (!c.facts.host.value || c.facts.host.value->masters.empty()) {
        return {};
    }
    const ProcessFacts& master = c.facts.host.value->masters.front();
    return "master " + std::to_string(master.pid) + " of this host works in " + master.cwd +
           (master.lock_path.empty() ? std::string() : " and holds the lock on " + master.lock_path);
}

std::string claimed_elsewhere(const Case& c) {
    const bool elsewhere =
        c.facts.mount.value && c.facts.mount.value->ownership.state == OwnershipFacts::State::held_elsewhere;
    if (!elsewhere) {
        return {};
    }
    const OwnerRecord& holder = c.facts.mount.value->ownership.holder;
    return "host " + holder.hostname + " holds the id " + c.facts.instance_id + " and, it seems, the lock";
}

std::string lock_held_elsewhere(const Case& c) {
    if (c.failure.kind == StartFailure::Kind::start_failed) {
        return {};
    }
    return "no process of this host holds the lock on " + paths_for(c.settings, c.facts.instance_id).pid_file +
           ", so another host did, or the lease of one that is gone";
}

std::string likely_cause(const Case& c) {
    static constexpr std::array<Clue, 8> clues{read_only_mount,   no_mount,           silent_mount,
                                               before_the_relink, unusable_pid_file,  master_of_this_host,
                                               claimed_elsewhere, lock_held_elsewhere};
    for (const Clue clue : clues) {
        if (std::string found = clue(c); !found.empty()) {
            return found;
        }
    }
    return "see the lines before it";
}

/// What is wrong with the log itself; empty if it is read.
std::optional<Finding> judge_source(const Judge& judge, const StartupLogFacts& log, Moment at) {
    switch (log.source) {
        case StartupLogFacts::Source::reading: return std::nullopt;
        case StartupLogFacts::Source::catching_up:
            return judge.warn(Reason::unreadable, at, log.path, log.path + " is still being read from its beginning");
        case StartupLogFacts::Source::missing:
            return judge.warn(Reason::unreadable, at, log.path, log.path + " does not exist");
        case StartupLogFacts::Source::unreadable:
            return judge.warn(Reason::unreadable, at, log.path, log.path + " could not be read: " + log.error);
        case StartupLogFacts::Source::lost: break;
    }
    return judge.warn(Reason::source_lost, at, log.path, log.path + " can no longer be read: " + log.error);
}

bool is_uncured(const StartupLogFacts& log) {
    return log.last_failure && !(log.last_started && *log.last_started > log.last_failure->at);
}

std::string summary(const StartupLogFacts& log, const ProcessFacts* master) {
    if (master != nullptr && is_uncured(log)) {
        return "a start was refused at " + rfc3339(log.last_failure->at) + ", master " + std::to_string(master->pid) +
               " is not affected";
    }
    return log.last_started ? "master started at " + rfc3339(*log.last_started) : "no failed start in this boot";
}

}  // namespace

Finding check_startup_log(const Facts& facts, const Settings& settings, Moment /*now*/) {
    const Judge judge(Check::startup_log, settings, facts.instance_id);
    const Moment at = facts.startup_log.at;
    const ProcessFacts* master = proven_master(facts, settings);
    if (!facts.startup_log.value) {
        return judge.warn(Reason::unreadable, at, "", "the mail log was not looked at yet");
    }
    const StartupLogFacts& log = *facts.startup_log.value;
    const bool catching_up = log.source == StartupLogFacts::Source::catching_up;
    if (master != nullptr && catching_up) {
        return judge.pass(at, summary(log, master));
    }
    // While the log is still being read the cure may be in a line to come.
    if (master == nullptr && !catching_up && is_uncured(log)) {
        const StartFailure& failure = *log.last_failure;
        return judge.fail(reason_of(failure.kind), at, rfc3339(failure.at),
                          "Postfix did not start: \"" + printable(failure.line, longest_quote) + "\" (" + log.path +
                              "); likely cause: " + likely_cause({facts, settings, failure}));
    }
    const std::optional<Finding> source = judge_source(judge, log, at);
    return source ? *source : judge.pass(at, summary(log, master));
}

}  // namespace core
