// SPDX-License-Identifier: Apache-2.0
// The kernel's mount table outranks the probe of the file system: a probe may hang on something
// that is no longer mounted.
#include "core/base/text_part.hpp"
#include "core/base/timestamp.hpp"
#include "core/checks/finding_builder.hpp"
#include "core/model/mount_problem.hpp"

#include <optional>

namespace core {

namespace {

std::string join(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) {
        out.append(out.empty() ? "" : ", ").append(word);
    }
    return out;
}

std::string describe(const MountEntry& entry) {
    return entry.source + " " + entry.fstype + " " + (entry.read_only ? "ro" : "rw");
}

/// The fault of the mount table's entry, if it has one.
std::optional<Finding> check_entry(const FindingBuilder& make,
                                   const std::optional<MountEntry>& entry, const Settings& settings,
                                   TimePoint at) {
    const Settings::Mount& wanted = settings.mount;
    const std::string seen = entry ? describe(*entry) : "";
    switch (problem_of(entry, settings)) {
        case MountProblem::none: break;
        case MountProblem::missing:
            return make.fail(Reason::missing, at, seen, "nothing is mounted at " + wanted.path);
        case MountProblem::automount:
            return make.fail(
                Reason::missing, at, seen,
                "only an automount waits at " + wanted.path + ", no file system is mounted there");
        case MountProblem::wrong_type:
            return make.fail(Reason::wrong_type, at, seen,
                             wanted.path + " is " + entry->source + " of type " + entry->fstype +
                                 ", mount.fstypes allows " + join(wanted.fstypes));
        case MountProblem::wrong_source:
            return make.fail(
                Reason::wrong_source, at, seen,
                wanted.path + " is " + entry->source + ", mount.source is " + *wanted.source);
        case MountProblem::read_only:
            return make.fail(Reason::read_only, at, seen,
                             wanted.path + " (" + entry->source + ") is mounted read-only");
    }
    return std::nullopt;
}

std::string hung_output(const std::string& path, TimePoint since, TimePoint now) {
    return path + " has not answered since " + rfc3339(since.wall) + " (" +
           describe_age(now.boot - since.boot) + ")";
}

std::string found_unusable(const std::string& path, const std::string& error) {
    const bool names_path = error.find(path) != std::string::npos;
    return (names_path ? "the mount" : path) +
           std::string(" could not be used when it was probed") + text_part(": ", error);
}

}  // namespace

Finding check_mount(const Facts& facts, const Settings& settings, TimePoint now) {
    const FindingBuilder make(Check::mount, settings, facts.instance_id);
    const std::string& path = settings.mount.path;
    if (!facts.host.value) {
        return make.unknown(Reason::missing, facts.host.at, path + " was not looked at yet");
    }
    if (is_stale(facts, facts.host.at, settings, now)) {
        return make.unknown(Reason::hung, facts.host.at,
                            "the mount table was last read " +
                                describe_age(now.boot - facts.host.at.boot) +
                                " ago: the agent's host worker does not answer");
    }
    const std::optional<MountEntry>& entry = facts.host.value->mount;
    if (auto wrong = check_entry(make, entry, settings, facts.host.at)) {
        return *wrong;
    }
    const std::string seen = describe(*entry);
    if (facts.mount_hung_since) {
        return make.fail(Reason::hung, facts.host.at, seen,
                         hung_output(path, *facts.mount_hung_since, now));
    }
    if (!facts.mount.value) {
        return make.unknown(Reason::missing, facts.host.at,
                            path + " is mounted and was not probed yet");
    }
    const TimePoint at = older(facts.host.at, facts.mount.at);
    if (is_stale(facts, facts.mount.at, settings, now)) {
        return make.fail(Reason::hung, at, seen, hung_output(path, facts.mount.at, now));
    }
    switch (facts.mount.value->answer) {
        case MountFacts::Answer::answered: return make.pass(at, seen);
        case MountFacts::Answer::io_error:
            return make.fail(Reason::io_error, at, seen, why_not_answered(facts, settings));
        case MountFacts::Answer::denied:
            return make.fail(Reason::denied, at, seen, why_not_answered(facts, settings));
        case MountFacts::Answer::not_mounted: break;
    }
    // The two workers disagree, because one of them looked earlier: no proof yet.
    return make.unknown(Reason::missing, at, found_unusable(path, facts.mount.value->error));
}

}  // namespace core
