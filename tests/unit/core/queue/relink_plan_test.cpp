// SPDX-License-Identifier: Apache-2.0
#include "core/queue/relink_plan.hpp"

#include "core/model/paths.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace core {
namespace {

using Dir = RelinkFacts::Dir;
using Kind = RelinkStep::Kind;
using Link = LinkFacts::Kind;
using Owner = OwnershipFacts::State;

const std::string id = "i-0123456789abcdef0";
const std::vector<std::string> all_required{"active",   "bounce",  "corrupt",  "defer",
                                            "deferred", "flush",   "incoming", "maildrop",
                                            "pid",      "private", "public",   "saved"};

/// First boot of a new instance: the link of the image leads to another's queue.
RelinkFacts first_boot() {
    RelinkFacts facts;
    facts.instance_id = id;
    facts.link = {Link::symlink, "/Mail/i-0aaaaaaaaaaaaaaaa", ""};
    facts.link_leads_to = "/Mail/i-0aaaaaaaaaaaaaaaa";
    facts.skeleton = Dir::directory;
    return facts;
}

/// All is as it must be.
RelinkFacts relinked() {
    RelinkFacts facts = first_boot();
    facts.agent_directory_complete = true;
    facts.ownership.state = Owner::held;
    facts.link.target = facts.link_leads_to = "/Mail/" + id;
    facts.queue = Dir::directory;
    return facts;
}

RelinkFacts directory_at_link() {
    RelinkFacts facts = first_boot();
    facts.link = {Link::directory, "", ""};
    facts.link_leads_to = "/var/spool/postfix";
    facts.skeleton = Dir::absent;
    return facts;
}

ProcessFacts master_in(const std::string& cwd) {
    ProcessFacts master;
    master.pid = 771;
    master.cwd = cwd;
    master.is_master = true;
    return master;
}

std::vector<Kind> kinds(const RelinkPlan& plan) {
    std::vector<Kind> result;
    for (const RelinkStep& step : plan.steps) {
        result.push_back(step.kind);
    }
    return result;
}

std::vector<std::string> printed(const RelinkPlan& plan) {
    std::vector<std::string> result;
    for (const RelinkStep& step : plan.steps) {
        result.push_back(describe(step));
    }
    return result;
}

void expect_refused(const RelinkFacts& facts, const std::string& cause, const std::string& remedy,
                    const Settings& settings = {}) {
    const RelinkPlan plan = plan_relink(facts, settings);
    EXPECT_EQ(plan.refusal, cause);
    EXPECT_EQ(plan.remedy.advice, remedy);
    EXPECT_FALSE(plan.waiting);
    EXPECT_FALSE(plan.doubtful);
    EXPECT_TRUE(plan.steps.empty());
}

TEST(RelinkPlan, AFirstBootClaimsCopiesPublishesAndLinks) {
    EXPECT_EQ(printed(plan_relink(first_boot(), {})),
              (std::vector<std::string>{
                  "make /Mail/.postfix-elb-agent and its folders",
                  "claim the id by a lock on /Mail/.postfix-elb-agent/owners/" + id,
                  "copy /var/spool/postfix_org to /Mail/.postfix-elb-agent/staging/" + id,
                  "rename /Mail/.postfix-elb-agent/staging/" + id + " to /Mail/" + id,
                  "make /var/spool/postfix a symbolic link to /Mail/" + id + " in one step",
              }));
}

TEST(RelinkPlan, ACorrectStateNeedsNoStep) {
    const RelinkPlan plan = plan_relink(relinked(), {});
    EXPECT_FALSE(plan.refusal);
    EXPECT_TRUE(plan.steps.empty());
    EXPECT_TRUE(plan.notes.empty());
}

TEST(RelinkPlan, ASecondBootOnlyClaims) {
    RelinkFacts facts = relinked();
    facts.ownership.state = Owner::unclaimed;
    EXPECT_EQ(kinds(plan_relink(facts, {})), (std::vector{Kind::claim}));
}

TEST(RelinkPlan, ALockThatFailedAReadIsClaimedAgain) {
    RelinkFacts facts = relinked();
    facts.ownership.state = Owner::lost;
    facts.ownership.error = "read …: Input/output error";
    EXPECT_EQ(kinds(plan_relink(facts, {})), (std::vector{Kind::claim}));
}

TEST(RelinkPlan, AnIncompleteQueueIsMendedBeforeTheLinkLeadsToIt) {
    RelinkFacts facts = first_boot();
    facts.queue = Dir::directory;
    facts.queue_missing = {"corrupt", "saved"};
    const RelinkPlan plan = plan_relink(facts, {});
    EXPECT_EQ(kinds(plan), (std::vector{Kind::make_agent_directory, Kind::claim, Kind::mend_queue,
                                        Kind::make_link}));
    EXPECT_EQ(describe(plan.steps[2]), "make what /Mail/" + id + " lacks: corrupt saved");
}

TEST(RelinkPlan, WhatTheSkeletonLacksIsAddedToItsCopy) {
    RelinkFacts facts = first_boot();
    facts.source_missing = {"saved"};
    EXPECT_EQ(printed(plan_relink(facts, {}))[2],
              "copy /var/spool/postfix_org to /Mail/.postfix-elb-agent/staging/" + id +
                  " and add what it lacks: saved");
}

TEST(RelinkPlan, LeftoversAreRemovedFirst) {
    RelinkFacts facts = first_boot();
    facts.agent_directory_complete = true;
    facts.staging_leftover = true;
    facts.new_link_leftover = true;
    const RelinkPlan plan = plan_relink(facts, {});
    EXPECT_EQ(kinds(plan),
              (std::vector{Kind::claim, Kind::discard_staging, Kind::copy_skeleton,
                           Kind::publish_queue, Kind::discard_new_link, Kind::make_link}));
    EXPECT_EQ(describe(plan.steps[1]),
              "remove /Mail/.postfix-elb-agent/staging/" + id + ", left over from an earlier try");
    EXPECT_EQ(describe(plan.steps[4]),
              "remove /var/spool/postfix.postfix-elb-agent-new, left over from an earlier try");
}

TEST(RelinkPlan, WithoutASkeletonTheDirectoryAtTheLinkIsCopiedAndBecomesIt) {
    const std::vector<std::string> steps = printed(plan_relink(directory_at_link(), {}));
    ASSERT_EQ(steps.size(), 5U);
    EXPECT_EQ(steps[2], "copy /var/spool/postfix to /Mail/.postfix-elb-agent/staging/" + id);
    EXPECT_EQ(
        steps[4],
        "put a symbolic link in the place of the directory /var/spool/postfix and the directory at "
        "/var/spool/postfix_org in one step");
}

TEST(RelinkPlan, WithASkeletonTheDirectoryAtTheLinkIsSetAside) {
    RelinkFacts facts = directory_at_link();
    facts.skeleton = Dir::directory;
    const RelinkPlan plan = plan_relink(facts, {});
    EXPECT_EQ(plan.steps[2].from, "/var/spool/postfix_org");
    EXPECT_EQ(plan.steps.back().kind, Kind::exchange_link);
    EXPECT_EQ(plan.steps.back().to, "/var/spool/postfix.before-relink");
}

TEST(RelinkPlan, ADirectoryOutOfTheSkeletonsReachIsSetAside) {
    RelinkFacts facts = directory_at_link();
    facts.skeleton_in_reach = false;
    const RelinkPlan plan = plan_relink(facts, {});
    EXPECT_EQ(kinds(plan),
              (std::vector{Kind::make_agent_directory, Kind::claim, Kind::copy_skeleton,
                           Kind::publish_queue, Kind::exchange_link}));
    EXPECT_EQ(plan.steps[2].from, "/var/spool/postfix");
    EXPECT_EQ(plan.steps.back().to, "/var/spool/postfix.before-relink");
    facts.set_aside = Dir::directory;
    EXPECT_TRUE(plan_relink(facts, {}).refusal.has_value());
}

TEST(RelinkPlan, AnEmptyDirectoryAtTheLinkDoesNotBecomeTheSkeleton) {
    RelinkFacts facts = directory_at_link();
    facts.source_missing = all_required;
    facts.queue = Dir::directory;
    EXPECT_EQ(plan_relink(facts, {}).steps.back().to, "/var/spool/postfix.before-relink");
}

TEST(RelinkPlan, MailInTheSkeletonIsReportedAndNotCopied) {
    RelinkFacts facts = first_boot();
    facts.skeleton_mail = 3;
    const RelinkPlan plan = plan_relink(facts, {});
    EXPECT_FALSE(plan.refusal);
    EXPECT_EQ(plan.notes, (std::vector<std::string>{
                              "the skeleton /var/spool/postfix_org holds 3 queued messages, which "
                              "are neither copied nor delivered"}));
}

TEST(RelinkPlan, WaitsForAMountThatIsMissing) {
    RelinkFacts facts = first_boot();
    facts.mount_refusal = "not mounted";
    facts.mount_missing = true;
    const RelinkPlan plan = plan_relink(facts, {});
    EXPECT_TRUE(plan.waiting);
    EXPECT_EQ(plan.refusal, "nothing is mounted at /Mail");
    EXPECT_EQ(plan.remedy.commands, std::vector<std::string>{"sudo mount /Mail"});
    EXPECT_TRUE(plan.steps.empty());
}

TEST(RelinkPlan, RefusesAMountOfTheWrongType) {
    RelinkFacts facts = first_boot();
    facts.mount_refusal = "type ext4 is not nfs4";
    expect_refused(
        facts, "/Mail: type ext4 is not nfs4",
        "Mount the right file system read-write at /Mail, or correct the settings under mount.");
}

TEST(RelinkPlan, RefusesWhatIsNeitherLinkNorDirectory) {
    RelinkFacts facts = first_boot();
    facts.link = {Link::other, "", ""};
    expect_refused(facts, "/var/spool/postfix is neither a symbolic link nor a directory",
                   "Move /var/spool/postfix away, or correct the setting queue.link.");
}

TEST(RelinkPlan, RefusesALinkThatCannotBeRead) {
    RelinkFacts facts = first_boot();
    facts.link = {Link::unreadable, "", "Permission denied"};
    expect_refused(facts, "cannot read /var/spool/postfix: Permission denied",
                   "Make /var/spool/postfix readable to root.");
}

TEST(RelinkPlan, RefusesWhileAMasterWorksInTheQueueTheLinkNames) {
    RelinkFacts facts = first_boot();
    facts.link.target = facts.link_leads_to = "/srv/queue";
    facts.masters = {master_in("/srv/queue")};
    expect_refused(facts,
                   "Postfix's master, pid 771, is running in /srv/queue, which is not /Mail/" + id,
                   "Stop Postfix; the agent retries automatically, and then Postfix may start.");
}

TEST(RelinkPlan, RefusesWhileAMasterWorksInAnotherQueueOnTheMount) {
    RelinkFacts facts = relinked();
    facts.queue_missing = {"saved"};
    facts.masters = {master_in("/Mail/i-0bbbbbbbbbbbbbbbb")};
    expect_refused(
        facts,
        "Postfix's master, pid 771, is running in /Mail/i-0bbbbbbbbbbbbbbbb, which is not /Mail/" +
            id,
        "Stop Postfix; the agent retries automatically, and then Postfix may start.");
}

TEST(RelinkPlan, RefusesWhileAMasterWorksInTheDirectoryToBeMoved) {
    RelinkFacts facts = directory_at_link();
    facts.masters = {master_in("/var/spool/postfix")};
    expect_refused(
        facts,
        "Postfix's master, pid 771, is running in /var/spool/postfix, which is not /Mail/" + id,
        "Stop Postfix; the agent retries automatically, and then Postfix may start.");
}

TEST(RelinkPlan, AMasterElsewhereDoesNotHinderAClaim) {
    RelinkFacts facts = relinked();
    facts.masters = {master_in("/Mail/i-0bbbbbbbbbbbbbbbb")};
    EXPECT_FALSE(plan_relink(facts, {}).refusal);
    EXPECT_TRUE(plan_relink(facts, {}).steps.empty());
    facts.agent_directory_complete = false;
    facts.ownership.state = Owner::unclaimed;
    EXPECT_FALSE(plan_relink(facts, {}).refusal);
    EXPECT_EQ(kinds(plan_relink(facts, {})),
              (std::vector{Kind::make_agent_directory, Kind::claim}));
    for (const auto& spoil : std::vector<std::function<void(RelinkFacts&)>>{
             [](RelinkFacts& spoilt) { spoilt.queue = Dir::absent; },
             [](RelinkFacts& spoilt) { spoilt.queue_missing = {"saved"}; },
             [](RelinkFacts& spoilt) { spoilt.link.target = "/Mail/other"; },
             [](RelinkFacts& spoilt) {
                 spoilt.link = {Link::absent, "", ""};
             }}) {
        RelinkFacts spoilt = facts;
        spoil(spoilt);
        EXPECT_TRUE(plan_relink(spoilt, {}).refusal.has_value());
    }
}

TEST(RelinkPlan, RefusesAFreshQueueWhileAMasterWorksOnADetachedMount) {
    RelinkFacts facts = relinked();
    facts.queue = Dir::absent;
    facts.masters = {master_in("/" + id)};
    ASSERT_TRUE(plan_relink(facts, {}).refusal);
    EXPECT_NE(plan_relink(facts, {}).refusal->find("is running in /" + id +
                                                   ", which is not in what is mounted"),
              std::string::npos);
}

TEST(RelinkPlan, RefusesAFreshQueueWhileAMasterWorksBelowAnotherMount) {
    RelinkFacts facts = relinked();
    facts.queue = Dir::absent;
    facts.masters = {master_in("/Mail/" + id)};
    expect_refused(
        facts,
        "Postfix's master, pid 771, is running in /Mail/" + id +
            ", which is not in what is mounted at /Mail now: something else was mounted over it",
        "Unmount the file system that was mounted last at /Mail; the agent retries automatically.");
    facts.masters = {};
    EXPECT_FALSE(plan_relink(facts, {}).refusal);
}

TEST(RelinkPlan, IgnoresMastersInItsOwnQueueOrOffTheMount) {
    RelinkFacts facts = first_boot();
    facts.queue = Dir::directory;
    facts.masters = {master_in("/Mail/" + id), master_in("/var/spool/postfix-out"),
                     master_in("/Mailing/x")};
    EXPECT_FALSE(plan_relink(facts, {}).refusal);
}

TEST(RelinkPlan, RefusesAnIdThatIsHeldElsewhere) {
    RelinkFacts facts = first_boot();
    facts.ownership.state = Owner::held_elsewhere;
    facts.ownership.holder = {id, "b00t", "mx2", "mx2", "2026-11-22T12:00:00Z"};
    expect_refused(
        facts,
        "the id " + id + " is held by another: host mx2, boot b00t, since 2026-11-22T12:00:00Z",
        "Find out which host is " + id + ", and stop postfix-elb-agent on the one that is not.");
    facts.ownership.holder = {};
    EXPECT_EQ(plan_relink(facts, {}).refusal,
              "the id " + id + " is held by another: an owner whose record cannot be read");
}

TEST(RelinkPlan, RefusesAnIdThatAnotherTook) {
    RelinkFacts facts = first_boot();
    facts.ownership.state = Owner::lost;
    facts.ownership.holder = {id, "b00t", "mx2", "mx2", ""};
    expect_refused(
        facts, "the lock on the id " + id + " was lost to another: host mx2, boot b00t",
        "Stop Postfix, find out which host is " + id + ", and then restart postfix-elb-agent.");
}

TEST(RelinkPlan, AnUnknownOwnerIsAFailureAndNoRefusal) {
    RelinkFacts facts = first_boot();
    facts.ownership.state = Owner::error;
    facts.ownership.error = "open x: Stale file handle";
    const RelinkPlan plan = plan_relink(facts, {});
    EXPECT_TRUE(plan.doubtful);
    EXPECT_EQ(plan.refusal,
              "cannot find the holder of the id " + id + ": open x: Stale file handle");
    EXPECT_EQ(plan.remedy.advice,
              "Let root read and lock files below /Mail/.postfix-elb-agent; the agent retries "
              "automatically.");
    EXPECT_TRUE(plan.steps.empty());
}

TEST(RelinkPlan, RefusesAnIdThatAnotherAgentOfThisHostHolds) {
    RelinkFacts facts = relinked();
    facts.ownership.state = Owner::held_here;
    EXPECT_FALSE(plan_relink(facts, {}).refusal);
    EXPECT_TRUE(plan_relink(facts, {}).steps.empty());
    facts.link.target = "/Mail/other";
    expect_refused(facts,
                   "another postfix-elb-agent of this host holds the id " + id +
                       " and has not relinked; the next step is to make /var/spool/postfix a "
                       "symbolic link to /Mail/" +
                       id + " in one step",
                   "The running agent holds the id and relinks when it starts: restart it.");
}

TEST(RelinkPlan, RefusesAQueueThatIsNotADirectory) {
    RelinkFacts facts = first_boot();
    facts.queue = Dir::other;
    expect_refused(facts, "/Mail/" + id + " exists and is not a directory",
                   "Move /Mail/" + id + " away; the agent retries automatically.");
}

TEST(RelinkPlan, RefusesToReplaceADirectoryWithMailInIt) {
    RelinkFacts facts = directory_at_link();
    facts.link_mail = 1;
    expect_refused(
        facts, "/var/spool/postfix is a directory with 1 queued message in it: it is not replaced",
        "Keep Postfix stopped while the mail moves; files that stay in "
        "/var/spool/postfix.with-mail have the name of a queued message: move them once that is "
        "delivered.");
    EXPECT_EQ(plan_relink(facts, {}).remedy.commands,
              (std::vector<std::string>{
                  "sudo systemctl stop postfix",
                  "[ -L /var/spool/postfix ] || sudo mv -nT /var/spool/postfix "
                  "/var/spool/postfix.with-mail",
                  "sudo systemctl restart postfix-elb-agent",
                  "[ \"$(readlink /var/spool/postfix)\" = /Mail/" + id +
                      " ] && for d in bounce defer trace maildrop hold incoming active deferred; "
                      "do sudo find /var/spool/postfix.with-mail/$d -type f -exec mv -n -t "
                      "/var/spool/postfix/$d {} +; done",
                  "sudo postsuper -s",
                  "[ \"$(readlink /var/spool/postfix)\" = /Mail/" + id +
                      " ] && sudo systemctl start postfix",
              }));
}

TEST(RelinkPlan, QuotesPathsInCommands) {
    Settings settings;
    settings.queue.link = "/var/spool/post fix";
    RelinkFacts facts = directory_at_link();
    facts.link_mail = 1;
    EXPECT_EQ(plan_relink(facts, settings).remedy.commands[1],
              "[ -L '/var/spool/post fix' ] || sudo mv -nT '/var/spool/post fix' "
              "'/var/spool/post fix.with-mail'");
}

TEST(RelinkPlan, RefusesToTurnTheLinkAwayFromMail) {
    RelinkFacts facts = first_boot();
    facts.link_leads_to = facts.link.target = "/srv/queue";
    facts.link_mail = 2;
    const RelinkPlan plan = plan_relink(facts, {});
    EXPECT_EQ(plan.refusal,
              "/var/spool/postfix leads to /srv/queue, a directory with 2 queued messages in it: "
              "it is not replaced");
    EXPECT_EQ(plan.remedy.commands[1],
              "[ \"$(readlink /var/spool/postfix)\" = /srv/queue ] && sudo rm /var/spool/postfix");
    EXPECT_NE(plan.remedy.commands[3].find("sudo find /srv/queue/$d "), std::string::npos);
}

TEST(RelinkPlan, RefusesWithoutASkeleton) {
    const std::string remedy =
        "Put a pristine queue directory at /var/spool/postfix_org, or correct the setting "
        "queue.skeleton.";
    RelinkFacts facts = first_boot();
    facts.skeleton = Dir::absent;
    expect_refused(
        facts,
        "there is no skeleton to make /Mail/" + id + " from: /var/spool/postfix_org does not exist",
        remedy);
    facts.skeleton = Dir::other;
    expect_refused(facts,
                   "there is no skeleton to make /Mail/" + id +
                       " from: /var/spool/postfix_org is not a directory",
                   remedy);
    facts.skeleton = Dir::directory;
    facts.source_missing = all_required;
    expect_refused(
        facts,
        "/var/spool/postfix_org is not a Postfix queue directory: none of its directories is there",
        remedy);
}

TEST(RelinkPlan, RefusesToSetADirectoryAsideOverAnother) {
    RelinkFacts facts = directory_at_link();
    facts.skeleton = Dir::directory;
    facts.set_aside = Dir::directory;
    expect_refused(facts,
                   "the directory at /var/spool/postfix cannot be set aside: "
                   "/var/spool/postfix.before-relink exists "
                   "already",
                   "Move /var/spool/postfix.before-relink away; the agent retries automatically.");
}

TEST(RelinkPlan, SaysWhyAMountMayNotBeUsed) {
    Settings settings;
    MountEntry mount{"/Mail", "0:40", "nfs4", "fs-1:/", "rw", "rw", false};
    EXPECT_EQ(mount_refusal(mount, settings), std::nullopt);
    EXPECT_EQ(mount_refusal(std::nullopt, settings), "not mounted");
    settings.mount.source = "fs-2:/";
    EXPECT_EQ(mount_refusal(mount, settings), "source fs-1:/ is not fs-2:/");
    settings.mount.source.reset();
    mount.read_only = true;
    EXPECT_EQ(mount_refusal(mount, settings), "mounted read-only");
    mount.fstype = "ext4";
    EXPECT_EQ(mount_refusal(mount, settings), "type ext4 is not nfs4");
}

// ---- from every state to the goal
// -----------------------------------------------------------------------------------

/// Just enough of a file system for the steps: each path has a state. Pieces of
/// mail are counted with the directory that they are in.
struct World {
    enum class Thing { absent, right_link, wrong_link, directory, file };
    struct Place {
        Thing thing = Thing::absent;
        bool whole = false;  ///< of a directory: a whole queue
        bool queue = false;  ///< of a directory: a queue at all
        int mail = 0;
    };
    Place link, skeleton, set_aside, queue, staging, new_link;
    bool agent_directory = false;
    Owner owner = Owner::unclaimed;
    bool one_device = true;  ///< the places of link and skeleton

    [[nodiscard]] int all_mail() const {
        return link.mail + skeleton.mail + set_aside.mail + queue.mail;
    }
    [[nodiscard]] bool at_goal() const {
        return link.thing == Thing::right_link && queue.thing == Thing::directory && queue.whole &&
               owner == Owner::held;
    }
};

using Thing = World::Thing;

Dir dir_of(const World::Place& place) {
    return place.thing == Thing::absent      ? Dir::absent
           : place.thing == Thing::directory ? Dir::directory
                                             : Dir::other;
}

std::vector<std::string> missing_of(const World::Place& place) {
    return place.whole   ? std::vector<std::string>{}
           : place.queue ? std::vector<std::string>{"saved"}
                         : all_required;
}

RelinkFacts observe(const World& world) {
    RelinkFacts facts;
    facts.instance_id = id;
    facts.ownership.state = world.owner;
    facts.agent_directory_complete = world.agent_directory;
    facts.staging_leftover = world.staging.thing != Thing::absent;
    facts.new_link_leftover = world.new_link.thing != Thing::absent;
    switch (world.link.thing) {
        case Thing::absent: facts.link = {Link::absent, "", ""}; break;
        case Thing::right_link: facts.link = {Link::symlink, "/Mail/" + id, ""}; break;
        case Thing::wrong_link:
            facts.link = {Link::symlink, "/Mail/i-0aaaaaaaaaaaaaaaa", ""};
            break;
        case Thing::directory: facts.link = {Link::directory, "", ""}; break;
        case Thing::file: facts.link = {Link::other, "", ""}; break;
    }
    facts.link_mail = static_cast<std::uint64_t>(world.link.mail);
    facts.skeleton_in_reach = world.one_device;
    facts.skeleton = dir_of(world.skeleton);
    facts.skeleton_is_new_link = world.skeleton.thing == Thing::right_link;
    facts.skeleton_mail = static_cast<std::uint64_t>(world.skeleton.mail);
    facts.set_aside = dir_of(world.set_aside);
    facts.set_aside_is_new_link = world.set_aside.thing == Thing::right_link;
    facts.queue = dir_of(world.queue);
    if (facts.queue == Dir::directory) {
        facts.queue_missing = missing_of(world.queue);
    }
    if (facts.skeleton == Dir::directory) {
        facts.source_missing = missing_of(world.skeleton);
    } else if (facts.link.kind == Link::directory) {
        facts.source_missing = missing_of(world.link);
    }
    return facts;
}

/// The states that a step passes through, one after another; a kill can leave any of them behind.
using Passing = std::function<void(const World&)>;

void apply(World& world, const RelinkStep& step, const Passing& passing) {
    const Paths paths = paths_for({}, id);
    const World::Place right_link{Thing::right_link, false, false, 0};
    switch (step.kind) {
        case Kind::make_agent_directory: world.agent_directory = true; break;
        case Kind::claim:
            ASSERT_TRUE(world.agent_directory);
            world.owner = Owner::held;
            break;
        case Kind::discard_staging:
            ASSERT_EQ(step.to, paths.staging);
            world.staging.whole = false;
            passing(world);
            world.staging = {};
            break;
        case Kind::copy_skeleton: {
            ASSERT_EQ(world.staging.thing, Thing::absent) << "copies over a leftover";
            const World::Place& from = step.from == paths.skeleton ? world.skeleton : world.link;
            ASSERT_TRUE(step.from == paths.skeleton || step.from == paths.link);
            ASSERT_EQ(from.thing, Thing::directory);
            ASSERT_TRUE(from.queue);
            world.staging = {Thing::directory, false, true, 0};
            passing(world);
            world.staging.whole = from.whole || !step.directories.empty();
            break;
        }
        case Kind::publish_queue:
            ASSERT_EQ(world.queue.thing, Thing::absent);
            ASSERT_TRUE(world.staging.whole);
            world.queue = world.staging;
            world.staging = {};
            break;
        case Kind::mend_queue:
            ASSERT_EQ(world.staging.thing, Thing::absent) << "mends over a leftover";
            world.staging = {Thing::directory, false, false, 0};
            passing(world);
            world.staging = {};
            world.queue.whole = world.queue.queue = true;
            break;
        case Kind::discard_new_link:
            ASSERT_EQ(step.to, paths.new_link);
            world.new_link = {};
            break;
        case Kind::make_link:
            ASSERT_EQ(world.new_link.thing, Thing::absent);
            ASSERT_NE(world.link.thing, Thing::directory)
                << "rename cannot replace a directory by a link";
            world.new_link = right_link;
            passing(world);
            world.link = right_link;
            world.new_link = {};
            break;
        case Kind::exchange_link: {
            World::Place& to = step.to == paths.skeleton ? world.skeleton : world.set_aside;
            ASSERT_TRUE(world.one_device || step.to == paths.set_aside)
                << "renames to another file system";
            ASSERT_TRUE(step.to == paths.skeleton || step.to == paths.set_aside);
            ASSERT_TRUE(to.thing == Thing::absent || to.thing == Thing::right_link);
            to = right_link;
            passing(world);
            std::swap(to, world.link);
            break;
        }
    }
}

template <class Visit>
void for_each_world(Visit visit) {
    const World::Place absent;
    const World::Place right{Thing::right_link, false, false, 0};
    const World::Place wrong{Thing::wrong_link, false, false, 0};
    const World::Place wrong_to_mail{Thing::wrong_link, false, false, 2};
    const World::Place whole{Thing::directory, true, true, 0};
    const World::Place lacking{Thing::directory, false, true, 0};
    const World::Place empty{Thing::directory, false, false, 0};
    const World::Place mail{Thing::directory, true, true, 2};
    const World::Place file{Thing::file, false, false, 0};
    World world;
    const auto visit_owners = [&] {
        for (const Owner owner : {Owner::unclaimed, Owner::held, Owner::held_here}) {
            world.owner = owner;
            world.agent_directory =
                owner != Owner::unclaimed || world.staging.thing != Thing::absent;
            visit(world);
        }
    };
    const auto visit_mount = [&] {
        for (const World::Place& queue : {absent, whole, lacking, empty, mail, file}) {
            for (const World::Place& staging : {absent, lacking}) {
                world.queue = queue;
                world.staging = staging;
                visit_owners();
            }
        }
    };
    for (const World::Place& link :
         {absent, right, wrong, wrong_to_mail, whole, lacking, empty, mail, file}) {
        for (const World::Place& skeleton : {absent, right, whole, lacking, empty, mail, file}) {
            for (const World::Place& set_aside : {absent, right, mail}) {
                for (const World::Place& new_link : {absent, wrong}) {
                    for (const bool one_device : {true, false}) {
                        world = World{link,     skeleton, set_aside,        {},        {},
                                      new_link, false,    Owner::unclaimed, one_device};
                        visit_mount();
                    }
                }
            }
        }
    }
}

/// What a kill and a new process make of it: the lock is free again.
World killed(World world) {
    if (world.owner == Owner::held) {
        world.owner = Owner::unclaimed;
    }
    return world;
}

void expect_reaches_goal(World world) {
    const RelinkPlan plan = plan_relink(observe(world), {});
    ASSERT_FALSE(plan.refusal) << *plan.refusal;
    for (const RelinkStep& step : plan.steps) {
        ASSERT_NO_FATAL_FAILURE(apply(world, step, [](const World&) {}));
    }
    ASSERT_TRUE(world.at_goal());
    const RelinkPlan again = plan_relink(observe(world), {});
    EXPECT_FALSE(again.refusal) << *again.refusal;
    EXPECT_TRUE(again.steps.empty()) << describe(again.steps.front());
}

TEST(RelinkPlanProperty, EveryStateReachesTheGoalSafelyOrIsRefused) {
    int planned = 0;
    int refused = 0;
    for_each_world([&](const World& start) {
        if (testing::Test::HasFatalFailure()) {
            return;
        }
        const RelinkPlan plan = plan_relink(observe(start), {});
        if (plan.refusal) {
            EXPECT_TRUE(plan.steps.empty());
            EXPECT_FALSE(plan.remedy.advice.empty());
            ++refused;
            return;
        }
        ++planned;
        World world = start;
        const auto check = [&](const World& now) {
            EXPECT_TRUE(start.link.thing == Thing::absent || now.link.thing != Thing::absent)
                << "the link was gone";
            EXPECT_TRUE(now.link.thing != Thing::right_link ||
                        start.link.thing == Thing::right_link || now.queue.whole)
                << "the link led to a queue that is not whole";
            EXPECT_TRUE(now.queue.thing == start.queue.thing || now.queue.whole)
                << "a half-made queue was seen";
            EXPECT_EQ(now.all_mail(), start.all_mail()) << "mail was lost or multiplied";
            EXPECT_NO_FATAL_FAILURE(expect_reaches_goal(killed(now)));
        };
        for (const RelinkStep& step : plan.steps) {
            ASSERT_NO_FATAL_FAILURE(apply(world, step, check)) << describe(step);
            ASSERT_NO_FATAL_FAILURE(check(world)) << describe(step);
        }
        if (start.owner == Owner::held_here) {
            EXPECT_TRUE(plan.steps.empty());
        } else {
            ASSERT_TRUE(world.at_goal());
            EXPECT_TRUE(plan_relink(observe(world), {}).steps.empty());
        }
    });
    EXPECT_GT(planned, 1000);
    EXPECT_GT(refused, 1000);
}

TEST(RelinkPlanProperty, ADirectoryWithMailAtTheLinkIsNeverTouched) {
    for_each_world([](const World& world) {
        if (world.link.mail > 0) {
            EXPECT_TRUE(plan_relink(observe(world), {}).refusal.has_value());
        }
    });
}

}  // namespace
}  // namespace core
