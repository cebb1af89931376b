// SPDX-License-Identifier: Apache-2.0
#include "core/queue/relink_plan.hpp"

#include "core/model/mount_problem.hpp"
#include "core/model/paths.hpp"
#include "core/model/queue_layout.hpp"
#include "core/model/remedies.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

using Dir = RelinkFacts::Dir;
using Kind = RelinkStep::Kind;
using Link = LinkFacts::Kind;

/// The facts, and what follows from them for more than one rule or step.
struct Situation {
    const RelinkFacts& facts;
    const Settings& settings;
    Paths paths;

    [[nodiscard]] Remedy remedy(const RemedyTemplate& text) const {
        return filled(text, settings, facts.instance_id);
    }
    [[nodiscard]] bool link_is_right() const {
        return facts.link.kind == Link::symlink && facts.link.target == paths.queue;
    }
    [[nodiscard]] bool directory_at_link() const { return facts.link.kind == Link::directory; }
    [[nodiscard]] bool skeleton_place_free() const {
        return facts.skeleton == Dir::absent || facts.skeleton_is_new_link;
    }
    [[nodiscard]] bool source_is_a_queue() const {
        return facts.source_missing.size() < required_queue_directories();
    }
    /// Without a skeleton, a directory at the link's path is the source if it is a queue.
    [[nodiscard]] bool directory_is_source() const {
        return directory_at_link() && skeleton_place_free() && source_is_a_queue();
    }
    /// It then becomes the skeleton, if rename(2) can move it there.
    [[nodiscard]] bool directory_becomes_skeleton() const {
        return directory_is_source() && facts.skeleton_in_reach;
    }
    /// What the queue is copied from; "" if there is nothing.
    [[nodiscard]] std::string source() const {
        if (facts.skeleton == Dir::directory) {
            return paths.skeleton;
        }
        return directory_is_source() ? paths.link : "";
    }
    [[nodiscard]] std::string place_for_directory() const {
        return directory_becomes_skeleton() ? paths.skeleton : paths.set_aside;
    }
    /// Whether a step other than the claim is needed: one that changes a queue or the link.
    [[nodiscard]] bool changes_queue_or_link() const {
        return facts.queue == Dir::absent || !facts.queue_missing.empty() || !link_is_right();
    }
};

struct Refusal {
    std::string cause;
    Remedy remedy;
    bool waiting = false;
    bool doubtful = false;
};
using MaybeRefusal = std::optional<Refusal>;

constexpr RemedyTemplate mount_it{"Mount the shared file system at {mount}.",
                                  {"sudo mount {mount}"}};
constexpr RemedyTemplate mount_the_right_one{
    "Mount the right file system read-write at {mount}, or correct the settings under mount.",
    {command::find_mount, command::fstab_line}};
constexpr RemedyTemplate make_link_readable{"Make {link} readable to root.",
                                            {"sudo ls -ld {link}"}};
constexpr RemedyTemplate move_link_away{
    "Move {link} away, or correct the setting queue.link.",
    {"sudo ls -ld {link}",
     "sudo test -L {link} -o -d {link} || sudo mv -nT {link} {link}.$(date +%s)"}};
constexpr RemedyTemplate unmount_the_last{
    "Unmount the file system that was mounted last at {mount}; the agent retries automatically.",
    {command::find_mount, "[ $(findmnt -n {mount} | wc -l) -gt 1 ] && sudo umount {mount}"}};
constexpr RemedyTemplate find_the_other_host{
    "Find out which host is {id}, and stop postfix-elb-agent on the one that is not.",
    {command::show_owner}};
constexpr RemedyTemplate claim_again{
    "Stop Postfix, find out which host is {id}, and then restart postfix-elb-agent.",
    {command::stop_postfix, command::show_owner, command::restart_agent}};
constexpr RemedyTemplate let_root_lock{
    "Let root read and lock files below {agent_directory}; the agent retries automatically.",
    {"sudo ls -la {agent_directory}"}};
constexpr RemedyTemplate move_queue_away{
    "Move {queue} away; the agent retries automatically.",
    {"sudo ls -ld {queue}",
     "sudo test -d {queue} -a ! -L {queue} || sudo mv -nT {queue} {queue}.$(date +%s)"}};
constexpr RemedyTemplate provide_skeleton{
    "Put a pristine queue directory at {skeleton}, or correct the setting queue.skeleton.",
    {"sudo ls -la {skeleton}"}};
constexpr RemedyTemplate move_set_aside_away{
    "Move {set_aside} away; the agent retries automatically.",
    {"sudo mv -nT {set_aside} {set_aside}.$(date +%s)"}};
constexpr RemedyTemplate restart_the_agent{
    "The running agent holds the id and relinks when it starts: restart it.",
    {command::restart_agent}};

Remedy stop_master(const Situation& now, const ProcessFacts& master) {
    Remedy remedy =
        now.remedy({"Stop Postfix; the agent retries automatically, and then Postfix may start.",
                    {command::stop_postfix, command::restart_agent, command::start_if_linked}});
    remedy.commands.insert(remedy.commands.begin() + 1, command::kill_master(master));
    return remedy;
}

std::string owner_text(const OwnerRecord& owner) {
    if (owner.hostname.empty() && owner.boot_id.empty()) {
        return "an owner whose record cannot be read";
    }
    std::string text = "host " + owner.hostname + ", boot " + owner.boot_id;
    return owner.since.empty() ? text : text + ", since " + owner.since;
}

std::string messages(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " queued message" : " queued messages");
}

MaybeRefusal mount_not_usable(const Situation& now) {
    const RelinkFacts& facts = now.facts;
    if (!facts.mount_refusal) {
        return std::nullopt;
    }
    const std::string& path = now.paths.mount;
    if (facts.mount_missing) {
        return Refusal{"nothing is mounted at " + path, now.remedy(mount_it), true};
    }
    return Refusal{path + ": " + *facts.mount_refusal, now.remedy(mount_the_right_one)};
}

MaybeRefusal link_not_replaceable(const Situation& now) {
    const LinkFacts& link = now.facts.link;
    if (link.kind == Link::unreadable) {
        return Refusal{"cannot read " + now.paths.link + ": " + link.error,
                       now.remedy(make_link_readable)};
    }
    if (link.kind == Link::other) {
        return Refusal{now.paths.link + " is neither a symbolic link nor a directory",
                       now.remedy(move_link_away)};
    }
    return std::nullopt;
}

/// A master must not work in a directory that the link will no longer name, nor in another
/// instance's queue. Where nothing is to be changed, the check of the master reports it instead.
MaybeRefusal master_in_another_queue(const Situation& now) {
    if (!now.changes_queue_or_link()) {
        return std::nullopt;
    }
    for (const ProcessFacts& master : now.facts.masters) {
        const bool below_mount =
            master.cwd == now.paths.mount || master.cwd.starts_with(now.paths.mount + "/");
        const bool behind_link =
            !now.facts.link_leads_to.empty() && master.cwd == now.facts.link_leads_to;
        if (master.cwd != now.paths.queue && (below_mount || behind_link)) {
            return Refusal{"Postfix's master, pid " + std::to_string(master.pid) +
                               ", is running in " + master.cwd + ", which is not " +
                               now.paths.queue,
                           stop_master(now, master)};
        }
    }
    return std::nullopt;
}

/// A working directory names its mount only by path: Postfix goes on in its old queue, hidden below
/// a later mount.
MaybeRefusal master_below_another_mount(const Situation& now) {
    if (now.facts.queue != Dir::absent) {
        return std::nullopt;
    }
    // After a lazy unmount /proc names the directory from the root of the detached file system.
    const std::string detached = "/" + now.facts.instance_id;
    const auto master = std::ranges::find_if(now.facts.masters, [&](const ProcessFacts& process) {
        return process.cwd == now.paths.queue || process.cwd == detached;
    });
    if (master == now.facts.masters.end()) {
        return std::nullopt;
    }
    return Refusal{
        "Postfix's master, pid " + std::to_string(master->pid) + ", is running in " + master->cwd +
            ", which is not in what is mounted at " + now.paths.mount +
            " now: something else was mounted over it",
        master->cwd == detached ? stop_master(now, *master) : now.remedy(unmount_the_last)};
}

MaybeRefusal id_not_ours(const Situation& now) {
    const OwnershipFacts& ownership = now.facts.ownership;
    const std::string& id = now.facts.instance_id;
    switch (ownership.state) {
        case OwnershipFacts::State::held_elsewhere:
            return Refusal{"the id " + id + " is held by another: " + owner_text(ownership.holder),
                           now.remedy(find_the_other_host)};
        case OwnershipFacts::State::lost:
            // Without another owner's name a read failed or the lease was lost: claim again.
            if (ownership.holder.instance_id.empty()) {
                return std::nullopt;
            }
            return Refusal{"the lock on the id " + id +
                               " was lost to another: " + owner_text(ownership.holder),
                           now.remedy(claim_again)};
        case OwnershipFacts::State::error:
            return Refusal{"cannot find the holder of the id " + id + ": " + ownership.error,
                           now.remedy(let_root_lock), false, true};
        case OwnershipFacts::State::unclaimed:
        case OwnershipFacts::State::held:
        case OwnershipFacts::State::held_here: return std::nullopt;
    }
    return std::nullopt;
}

MaybeRefusal queue_not_a_directory(const Situation& now) {
    if (now.facts.queue != Dir::other) {
        return std::nullopt;
    }
    return Refusal{now.paths.queue + " exists and is not a directory", now.remedy(move_queue_away)};
}

/// Postfix never runs on that directory. The logs of bounces move before their messages; postsuper
/// then renames each file after its new inode and moves it to its place in the hashes.
Remedy bring_mail_over(const Situation& now) {
    const std::string link = shell_quoted(now.paths.link);
    const bool is_directory = now.directory_at_link();
    const std::string old_path =
        is_directory ? now.paths.link + ".with-mail" : now.facts.link_leads_to;
    const std::string old = shell_quoted(old_path);
    Remedy remedy = now.remedy(
        {"",
         {command::stop_postfix, command::restart_agent, "[ \"$(readlink {link})\" = {queue} ]",
          "sudo postsuper -s", command::start_if_linked}});
    remedy.advice = "Keep Postfix stopped while the mail moves; files that stay in " + old_path +
                    " have the name of a queued message: move them once that is delivered.";
    remedy.commands[2] +=
        " && for d in bounce defer trace maildrop hold incoming active deferred; do "
        "sudo find " +
        old + "/$d -type f -exec mv -n -t " + link + "/$d {} +; done";
    remedy.commands.insert(remedy.commands.begin() + 1,
                           is_directory ? "[ -L " + link + " ] || sudo mv -nT " + link + " " + old
                                        : "[ \"$(readlink " + link +
                                              ")\" = " + shell_quoted(now.facts.link.target) +
                                              " ] && sudo rm " + link);
    return remedy;
}

MaybeRefusal mail_at_link(const Situation& now) {
    if (now.link_is_right() || now.facts.link_mail == 0) {
        return std::nullopt;
    }
    const std::string directory =
        now.directory_at_link() ? now.paths.link + " is"
                                : now.paths.link + " leads to " + now.facts.link_leads_to + ",";
    return Refusal{directory + " a directory with " + messages(now.facts.link_mail) +
                       " in it: it is not replaced",
                   bring_mail_over(now)};
}

MaybeRefusal no_source(const Situation& now) {
    if (now.facts.queue == Dir::directory) {
        return std::nullopt;
    }
    if (now.source().empty()) {
        const char* why = now.skeleton_place_free() ? " does not exist" : " is not a directory";
        return Refusal{"there is no skeleton to make " + now.paths.queue +
                           " from: " + now.paths.skeleton + why,
                       now.remedy(provide_skeleton)};
    }
    if (!now.source_is_a_queue()) {
        return Refusal{now.paths.skeleton +
                           " is not a Postfix queue directory: none of its directories is there",
                       now.remedy(provide_skeleton)};
    }
    return std::nullopt;
}

MaybeRefusal no_place_for_directory(const Situation& now) {
    const RelinkFacts& facts = now.facts;
    if (!now.directory_at_link() || now.directory_becomes_skeleton() ||
        facts.set_aside == Dir::absent || facts.set_aside_is_new_link) {
        return std::nullopt;
    }
    return Refusal{"the directory at " + now.paths.link +
                       " cannot be set aside: " + now.paths.set_aside + " exists already",
                   now.remedy(move_set_aside_away)};
}

using Rule = MaybeRefusal (*)(const Situation&);
constexpr std::array<Rule, 9> rules{mount_not_usable,
                                    link_not_replaceable,
                                    master_in_another_queue,
                                    master_below_another_mount,
                                    id_not_ours,
                                    queue_not_a_directory,
                                    mail_at_link,
                                    no_source,
                                    no_place_for_directory};

void plan_mount_steps(const Situation& now, std::vector<RelinkStep>& steps) {
    const RelinkFacts& facts = now.facts;
    const Paths& paths = now.paths;
    if (facts.staging_leftover) {
        steps.push_back({Kind::discard_staging, "", paths.staging, {}});
    }
    if (facts.queue == Dir::absent) {
        steps.push_back({Kind::copy_skeleton, now.source(), paths.staging, facts.source_missing});
        steps.push_back({Kind::publish_queue, paths.staging, paths.queue, {}});
    } else if (!facts.queue_missing.empty()) {
        steps.push_back({Kind::mend_queue, "", paths.queue, facts.queue_missing});
    }
}

void plan_link_steps(const Situation& now, std::vector<RelinkStep>& steps) {
    const Paths& paths = now.paths;
    if (now.facts.new_link_leftover) {
        steps.push_back({Kind::discard_new_link, "", paths.new_link, {}});
    }
    if (now.directory_at_link()) {
        steps.push_back({Kind::exchange_link, paths.link, now.place_for_directory(), {}});
    } else if (!now.link_is_right()) {
        steps.push_back({Kind::make_link, paths.queue, paths.link, {}});
    }
}

/// The claim comes before every other step; it is not needed where another agent of this host has
/// claimed the id.
std::vector<RelinkStep> plan_claim(const Situation& now) {
    using State = OwnershipFacts::State;
    const State state = now.facts.ownership.state;
    std::vector<RelinkStep> steps;
    if (state == State::unclaimed || state == State::lost) {
        if (!now.facts.agent_directory_complete) {
            steps.push_back({Kind::make_agent_directory, "", now.paths.agent_directory, {}});
        }
        steps.push_back({Kind::claim, "", now.paths.owner_file, {}});
    } else if (state == State::held && !now.facts.agent_directory_complete) {
        steps.push_back({Kind::make_agent_directory, "", now.paths.agent_directory, {}});
    }
    return steps;
}

void note_mail_in_skeleton(const Situation& now, std::vector<std::string>& notes) {
    if (now.facts.skeleton == Dir::directory && now.facts.skeleton_mail > 0) {
        notes.push_back("the skeleton " + now.paths.skeleton + " holds " +
                        messages(now.facts.skeleton_mail) +
                        ", which are neither copied nor delivered");
    }
}

std::string list(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : " ") + name;
    }
    return text;
}

struct KindName {
    Kind kind;
    std::string_view name;
};

constexpr std::array kind_names{
    KindName{Kind::make_agent_directory, "make_corner"},
    KindName{Kind::claim, "claim"},
    KindName{Kind::discard_staging, "discard_staging"},
    KindName{Kind::copy_skeleton, "copy_skeleton"},
    KindName{Kind::publish_queue, "publish_queue"},
    KindName{Kind::mend_queue, "mend_queue"},
    KindName{Kind::discard_new_link, "discard_new_link"},
    KindName{Kind::make_link, "make_link"},
    KindName{Kind::exchange_link, "exchange_link"},
};

}  // namespace

std::string_view to_string(RelinkStep::Kind kind) noexcept {
    const auto row = std::ranges::find(kind_names, kind, &KindName::kind);
    return row == kind_names.end() ? "unknown" : row->name;
}

bool is_link_step(RelinkStep::Kind kind) noexcept {
    return kind >= Kind::discard_new_link;
}

std::string describe(const RelinkStep& step) {
    switch (step.kind) {
        case Kind::make_agent_directory: return "make " + step.to + " and its folders";
        case Kind::claim: return "claim the id by a lock on " + step.to;
        case Kind::discard_staging: return "remove " + step.to + ", left over from an earlier try";
        case Kind::copy_skeleton:
            return "copy " + step.from + " to " + step.to +
                   (step.directories.empty() ? ""
                                             : " and add what it lacks: " + list(step.directories));
        case Kind::publish_queue: return "rename " + step.from + " to " + step.to;
        case Kind::mend_queue: return "make what " + step.to + " lacks: " + list(step.directories);
        case Kind::discard_new_link: return "remove " + step.to + ", left over from an earlier try";
        case Kind::make_link:
            return "make " + step.to + " a symbolic link to " + step.from + " in one step";
        case Kind::exchange_link:
            return "put a symbolic link in the place of the directory " + step.from +
                   " and the directory at " + step.to + " in one step";
    }
    return "";
}

std::optional<std::string> mount_refusal(const std::optional<MountEntry>& mount,
                                         const Settings& settings) {
    switch (problem_of(mount, settings)) {
        case MountProblem::none: break;
        case MountProblem::missing: return "not mounted";
        case MountProblem::automount:
        case MountProblem::wrong_type:
            return "type " + mount->fstype + " is not " + list(settings.mount.fstypes);
        case MountProblem::wrong_source:
            return "source " + mount->source + " is not " + *settings.mount.source;
        case MountProblem::read_only: return "mounted read-only";
    }
    return std::nullopt;
}

RelinkPlan plan_relink(const RelinkFacts& facts, const Settings& settings) {
    const Situation now{facts, settings, paths_for(settings, facts.instance_id)};
    RelinkPlan plan;
    for (const Rule rule : rules) {
        if (const MaybeRefusal refusal = rule(now)) {
            plan.refusal = refusal->cause;
            plan.remedy = refusal->remedy;
            plan.waiting = refusal->waiting;
            plan.doubtful = refusal->doubtful;
            return plan;
        }
    }
    note_mail_in_skeleton(now, plan.notes);
    plan.steps = plan_claim(now);
    plan_mount_steps(now, plan.steps);
    plan_link_steps(now, plan.steps);
    if (facts.ownership.state == OwnershipFacts::State::held_here && !plan.steps.empty()) {
        plan.refusal = "another postfix-elb-agent of this host holds the id " + facts.instance_id +
                       " and has not relinked; the next step is to " + describe(plan.steps.front());
        plan.remedy = now.remedy(restart_the_agent);
        plan.steps.clear();
    }
    return plan;
}

}  // namespace core
