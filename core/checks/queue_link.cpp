// SPDX-License-Identifier: Apache-2.0
// The link is local, the directory is not. While the mount hangs, the link is still verified, and
// the last known state of the directory counts: the fault is then the mount's.
#include "core/checks/finding_builder.hpp"

#include <optional>

namespace core {

namespace {

std::optional<Finding> check_link(const FindingBuilder& make, const LinkFacts& link,
                                  const Paths& paths, TimePoint at) {
    switch (link.kind) {
        case LinkFacts::Kind::symlink: break;
        case LinkFacts::Kind::absent:
            return make.fail(Reason::missing, at, "", paths.link + " does not exist");
        case LinkFacts::Kind::directory:
            return make.fail(Reason::not_a_link, at, "directory",
                             paths.link + " is a directory, not a link to " + paths.queue);
        case LinkFacts::Kind::other:
            return make.fail(
                Reason::not_a_link, at, "other",
                paths.link + " is neither a link to " + paths.queue + " nor a directory");
        case LinkFacts::Kind::unreadable:
            return make.unknown(Reason::not_a_link, at,
                                paths.link + " could not be read: " + link.error);
    }
    if (link.target != paths.queue) {
        return make.fail(Reason::wrong_target, at, link.target,
                         paths.link + " points to " + link.target + ", not to " + paths.queue);
    }
    return std::nullopt;
}

Finding check_directory(const FindingBuilder& make, const QueueDirFacts& directory,
                        const Paths& paths, TimePoint at) {
    const std::string& seen = paths.queue;
    switch (directory.kind) {
        case QueueDirFacts::Kind::directory: return make.pass(at, seen);
        case QueueDirFacts::Kind::absent:
            return make.fail(Reason::dangling, at, seen,
                             paths.link + " points to " + paths.queue + ", which does not exist");
        case QueueDirFacts::Kind::not_a_directory:
            return make.fail(
                Reason::dangling, at, seen,
                paths.link + " points to " + paths.queue + ", which is not a directory");
        case QueueDirFacts::Kind::off_mount:
            return make.fail(
                Reason::off_mount, at, seen,
                paths.queue + " is not on the file system that is mounted at " + paths.mount);
        case QueueDirFacts::Kind::error: break;
    }
    return make.unknown(Reason::dangling, at,
                        paths.queue + " could not be looked at: " + directory.error);
}

}  // namespace

Finding check_queue_link(const Facts& facts, const Settings& settings, TimePoint /*now*/) {
    const FindingBuilder make(Check::queue_link, settings, facts.instance_id);
    const TimePoint looked = facts.host.at;
    if (!facts.host.value) {
        return make.unknown(Reason::missing, looked,
                            settings.queue.link + " was not looked at yet");
    }
    if (facts.instance_id.empty()) {
        return with_remedy(make.unknown(Reason::missing, looked, not_without_id),
                           fix_first(Check::relink));
    }
    const Paths paths = paths_for(settings, facts.instance_id);
    if (auto wrong = check_link(make, facts.host.value->link, paths, looked)) {
        return *wrong;
    }
    if (!facts.host.value->mount) {
        return make.behind_mount(Status::fail, Reason::dangling, looked, paths.queue,
                                 paths.link + " points to " + paths.queue +
                                     ", and nothing is mounted at " + paths.mount);
    }
    if (!facts.mount.value) {
        return make.unknown(Reason::dangling, looked, paths.queue + " was not looked at yet");
    }
    const TimePoint at = older(looked, facts.mount.at);
    if (facts.mount.value->answer != MountFacts::Answer::answered) {
        return make.behind_mount(
            Status::fail, Reason::dangling, at, paths.queue,
            paths.queue + " could not be looked at: " + why_not_answered(facts, settings));
    }
    return check_directory(make, facts.mount.value->queue_dir, paths, at);
}

}  // namespace core
