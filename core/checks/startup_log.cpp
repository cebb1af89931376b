// SPDX-License-Identifier: Apache-2.0
// "Already running" is a symptom: postfix-script prints it whenever `master -t` fails. Beside a
// proven master of this queue it is an operator's second start, and harmless; so is one that the
// log shows to be such a start (core/maillog/startup_history.hpp). For any other the facts are
// searched for the cause. A fault of the log itself only warns: it is no reason to replace a host.
#include "core/maillog/startup_log.hpp"

#include "core/base/printable.hpp"
#include "core/base/text_part.hpp"
#include "core/base/timestamp.hpp"
#include "core/checks/finding_builder.hpp"
#include "core/checks/postfix_unit.hpp"
#include "core/model/mount_problem.hpp"

#include <array>
#include <chrono>
#include <optional>

namespace core {

namespace {

constexpr std::size_t longest_quote = 240;

Reason reason_of(StartFailure::Kind kind) {
    static constexpr std::array<Reason, 3> reasons{Reason::already_running, Reason::lock_refused,
                                                   Reason::start_failed};
    return reasons[static_cast<std::size_t>(kind)];
}

/// An uncured failure and what may explain it.
struct Case {
    const Facts& facts;
    const Settings& settings;
    const StartFailure& failure;
};

struct Cause {
    enum class State { present, locked, gone };  ///< locked: another holds or held the lock
    std::string text;
    State state = State::present;
};

// Clues in the order in which they are tried, the best explanation first. Absent: no such cause.
using Clue = std::optional<Cause> (*)(const Case&);

std::optional<Cause> read_only_mount(const Case& c) {
    if (!c.facts.host.value || !c.facts.host.value->mount ||
        !c.facts.host.value->mount->read_only) {
        return std::nullopt;
    }
    return Cause{c.settings.mount.path + " is mounted read-only"};
}

std::optional<Cause> no_mount(const Case& c) {
    if (!c.facts.host.value || c.facts.host.value->mount) {
        return std::nullopt;
    }
    return Cause{"nothing is mounted at " + c.settings.mount.path};
}

std::optional<Cause> silent_mount(const Case& c) {
    if (c.facts.mount_hung_since) {
        return Cause{c.settings.mount.path + " does not answer"};
    }
    if (!c.facts.mount.value || c.facts.mount.value->answer == MountFacts::Answer::answered) {
        return std::nullopt;
    }
    return Cause{why_not_answered(c.facts, c.settings)};
}

std::optional<Cause> before_the_relink(const Case& c) {
    const auto& relink = c.facts.relink;
    if (!relink.value || relink.value->state != RelinkProgress::State::done) {
        return Cause{
            "Postfix was started before the relink was done, in whatever queue the link named "
            "then"};
    }
    constexpr std::chrono::seconds stamp{1};  // a traditional one is cut to whole seconds
    if (!relink.value->changed || c.failure.at + stamp > relink.at.wall) {
        return std::nullopt;
    }
    return Cause{"Postfix was started before the relink was done (at " + rfc3339(relink.at.wall) +
                     "), in whatever queue the link named then",
                 Cause::State::gone};
}

std::optional<Cause> unusable_pid_file(const Case& c) {
    if (!c.facts.mount.value) {
        return std::nullopt;
    }
    const std::string path = paths_for(c.settings, c.facts.instance_id).pid_file;
    const PidFileFacts& file = c.facts.mount.value->pid_file;
    switch (file.kind) {
        case PidFileFacts::Kind::not_a_file: return Cause{path + " is not a regular file"};
        case PidFileFacts::Kind::unreadable:
            return Cause{path + " could not be read: " + file.error};
        case PidFileFacts::Kind::absent: return std::nullopt;
        case PidFileFacts::Kind::present:
        case PidFileFacts::Kind::garbage: break;
    }
    if (file.links <= 1) {
        return std::nullopt;
    }
    return Cause{path + " has " + std::to_string(file.links) +
                 " hard links, which Postfix refuses"};
}

std::optional<Cause> master_of_this_host(const Case& c) {
    if (!c.facts.host.value || c.facts.host.value->masters.empty()) {
        return std::nullopt;
    }
    const ProcessFacts& master = c.facts.host.value->masters.front();
    return Cause{"master " + std::to_string(master.pid) + " of this host works in " + master.cwd +
                     (master.lock_path.empty() ? std::string()
                                               : " and holds the lock on " + master.lock_path),
                 Cause::State::locked};
}

/// The state of the lock; nullptr if unknown, or if the start did not need it.
const LockFacts* lock_facts(const Case& c) {
    const bool needs_it = c.failure.kind != StartFailure::Kind::start_failed;
    return needs_it && c.facts.lock.value ? &*c.facts.lock.value : nullptr;
}

std::optional<Cause> lock_error(const Case& c) {
    const LockFacts* lock = lock_facts(c);
    if (lock == nullptr || lock->state != LockFacts::State::error) {
        return std::nullopt;
    }
    return Cause{"the lock on " + paths_for(c.settings, c.facts.instance_id).pid_file +
                 " cannot be acquired: " + lock->error};
}

std::optional<Cause> locked_by_another_process_here(const Case& c) {
    if (c.failure.kind == StartFailure::Kind::start_failed || !c.facts.host.value ||
        c.facts.host.value->lock_holders.empty()) {
        return std::nullopt;
    }
    const LockHolder& holder = c.facts.host.value->lock_holders.front();
    return Cause{
        (holder.pid == 0 ? std::string("a process") : "process " + std::to_string(holder.pid)) +
            " of this host" + text_part(" (", holder.exe, ")") + " holds the lock on " +
            paths_for(c.settings, c.facts.instance_id).pid_file,
        Cause::State::locked};
}

std::optional<Cause> locked_by_another_host(const Case& c) {
    const LockFacts* lock = lock_facts(c);
    if (lock == nullptr || lock->state != LockFacts::State::held) {
        return std::nullopt;
    }
    return Cause{"another host holds the lock on " +
                     paths_for(c.settings, c.facts.instance_id).pid_file +
                     ", or the lease of one that is gone, which runs out within minutes",
                 Cause::State::locked};
}

std::optional<Cause> claimed_elsewhere(const Case& c) {
    if (!c.facts.mount.value ||
        c.facts.mount.value->ownership.state != OwnershipFacts::State::held_elsewhere) {
        return std::nullopt;
    }
    const OwnerRecord& holder = c.facts.mount.value->ownership.holder;
    return Cause{
        (holder.hostname.empty() ? std::string("another host") : "host " + holder.hostname) +
            " holds the id " + c.facts.instance_id + " and probably the lock",
        Cause::State::locked};
}

std::optional<Cause> fault_of_the_start_itself(const Case& c) {
    return c.failure.kind == StartFailure::Kind::start_failed
               ? std::optional(Cause{"see the lines before it"})
               : std::nullopt;
}

/// Whether other hosts can hold the locks. On a local file system LockFacts does not see the locks
/// of flock(2), so "free" proves nothing.
bool locks_are_shared(const Case& c) {
    return c.facts.host.value && c.facts.host.value->mount &&
           is_nfs(c.facts.host.value->mount->fstype);
}

std::optional<Cause> lock_is_free_again(const Case& c) {
    const LockFacts* lock = lock_facts(c);
    if (lock == nullptr || lock->state != LockFacts::State::free || !locks_are_shared(c)) {
        return std::nullopt;
    }
    return Cause{"another host, or the lease of one that is gone, held the lock on " +
                     paths_for(c.settings, c.facts.instance_id).pid_file + ", which is free now",
                 Cause::State::gone};
}

/// Only a start after the relink was certainly in this queue.
std::optional<Cause> lock_was_held_elsewhere(const Case& c) {
    if (!c.facts.relink.value || !c.facts.relink.value->changed || !locks_are_shared(c)) {
        return std::nullopt;
    }
    return Cause{"no process of this host holds the lock on " +
                     paths_for(c.settings, c.facts.instance_id).pid_file +
                     ", so another host did, or the lease of one that is gone",
                 Cause::State::locked};
}

std::optional<Cause> likely_cause(const Case& c) {
    static constexpr std::array clues{Clue(read_only_mount),
                                      Clue(no_mount),
                                      Clue(silent_mount),
                                      Clue(before_the_relink),
                                      Clue(unusable_pid_file),
                                      Clue(lock_error),
                                      Clue(locked_by_another_process_here),
                                      Clue(master_of_this_host),
                                      Clue(claimed_elsewhere),
                                      Clue(locked_by_another_host),
                                      Clue(fault_of_the_start_itself),
                                      Clue(lock_is_free_again),
                                      Clue(lock_was_held_elsewhere)};
    for (const Clue clue : clues) {
        if (std::optional<Cause> found = clue(c)) {
            return found;
        }
    }
    return std::nullopt;
}

constexpr RemedyTemplate nothing_in_the_way{
    "No cause is left that prevents a start: restart Postfix.", {command::restart_postfix}};

/// A start that needed the lock gets the remedy for a refused lock unless another cause is known:
/// without an answer of the file server another process may still hold it.
Remedy remedy_of(const Case& c, const std::optional<Cause>& cause) {
    const bool answered = c.facts.lock.value.has_value();
    if (cause ? cause->state == Cause::State::gone : answered) {
        return filled(nothing_in_the_way, c.settings, c.facts.instance_id);
    }
    const bool needed_lock = c.failure.kind != StartFailure::Kind::start_failed;
    const bool has_other_cause = cause && cause->state == Cause::State::present;
    const Reason reason =
        needed_lock && !has_other_cause ? Reason::lock_refused : reason_of(c.failure.kind);
    return filled(reason_info(Check::startup_log, reason).remedy, c.settings, c.facts.instance_id);
}

Finding check_failure(const FindingBuilder& make, const Case& c, const std::string& path,
                      TimePoint at) {
    const std::optional<Cause> cause = likely_cause(c);
    const Finding finding = make.fail(
        reason_of(c.failure.kind), at, rfc3339(c.failure.at),
        "Postfix did not start: \"" + printable(c.failure.line, longest_quote) + "\" (" + path +
            "); " + (cause ? "likely cause: " + cause->text : "the cause is no longer known"));
    return with_remedy(finding, remedy_of(c, cause));
}

constexpr RemedyTemplate no_log{
    "Keep Postfix's log: in the journal, or in a file that rsyslog or Postfix (maillog_file) "
    "writes.",
    {"systemctl --no-pager status systemd-journald", "sudo postconf -h maillog_file",
     "sudo $(command -v apt-get || command -v dnf) install -y rsyslog"}};
constexpr RemedyTemplate log_elsewhere{
    "Set maillog.path in /etc/postfix-elb-agent/agent.json to the file that Postfix logs to, or "
    "set maillog.source to \"auto\", which reads the journal too.",
    {"sudo postconf -h maillog_file", "grep -rs mail /etc/rsyslog.conf /etc/rsyslog.d",
     "sudo systemctl reload postfix-elb-agent"}};

/// `path` may be a list, "a or b".
std::string does_not_exist(const std::string& path) {
    constexpr std::string_view between = " or ";
    const std::size_t at = path.find(between);
    return at == std::string::npos ? path + " does not exist"
                                   : "neither " + path.substr(0, at) + " nor " +
                                         path.substr(at + between.size()) + " exists";
}

/// The output where neither a file nor a journal exists.
std::string nothing_is_kept(const Settings& settings, const StartupLogFacts& log) {
    constexpr std::string_view no_journal = "this host keeps no journal of this boot";
    switch (settings.maillog.source) {
        case MaillogSource::file: return does_not_exist(log.path);
        case MaillogSource::journal: return std::string(no_journal);
        case MaillogSource::automatic: break;
    }
    return does_not_exist(log.path) + ", and " + std::string(no_journal);
}

/// The fault of the log itself; absent if it is read.
std::optional<Finding> check_source(const FindingBuilder& make, const Settings& settings,
                                    const StartupLogFacts& log, TimePoint at) {
    const bool is_path_set =
        settings.maillog.source == MaillogSource::file && settings.maillog.path != "auto";
    switch (log.source) {
        case StartupLogFacts::Source::reading: return std::nullopt;
        case StartupLogFacts::Source::catching_up:
            return make.warn(Reason::unreadable, at, log.path,
                             (log.path.empty() ? "the mail log" : log.path) +
                                 " is still being read from its beginning");
        case StartupLogFacts::Source::missing:
            return with_remedy(
                make.warn(Reason::unreadable, at, log.path, nothing_is_kept(settings, log)),
                filled(is_path_set ? log_elsewhere : no_log, settings, {}));
        case StartupLogFacts::Source::unreadable:
            return make.warn(Reason::unreadable, at, log.path,
                             log.path + " could not be read: " + log.error);
        case StartupLogFacts::Source::lost: break;
    }
    return make.warn(Reason::source_lost, at, log.path,
                     log.path + " can no longer be read: " + log.error);
}

std::string summary(const StartupLogFacts& log, const ProcessFacts* master) {
    if (failed_last(log) && (master != nullptr || log.last_failure->beside_master)) {
        return "a start was refused at " + rfc3339(log.last_failure->at) +
               (master != nullptr ? ", master " + std::to_string(master->pid) + " is not affected"
                                  : " while master was running");
    }
    return log.last_started ? "master started at " + rfc3339(*log.last_started)
                            : "no failed start in this boot";
}

}  // namespace

Finding check_startup_log(const Facts& facts, const Settings& settings, TimePoint /*now*/) {
    const FindingBuilder make(Check::startup_log, settings, facts.instance_id);
    const TimePoint at = facts.startup_log.at;
    const ProcessFacts* master = proven_master(facts, settings);
    if (!facts.startup_log.value) {
        return make.warn(Reason::unreadable, at, "", "the mail log was not looked at yet");
    }
    const StartupLogFacts& log = *facts.startup_log.value;
    const bool catching_up = log.source == StartupLogFacts::Source::catching_up;
    if (master != nullptr && catching_up) {
        return make.pass(at, summary(log, master));
    }
    // While the log is being read, a later line may report a start that succeeded.
    if (master == nullptr && !catching_up && is_uncured(log)) {
        Finding finding = check_failure(make, {facts, settings, *log.last_failure}, log.path, at);
        const bool another_try = postfix_unit(facts).state == PostfixUnit::State::changing;
        finding.excuse = another_try ? Excuse::restarting : Excuse::none;
        return finding;
    }
    const std::optional<Finding> source = check_source(make, settings, log, at);
    return source ? *source : make.pass(at, summary(log, master));
}

}  // namespace core
