// SPDX-License-Identifier: Apache-2.0
#include "agent/relink/relinker.hpp"

#include "agent/mount/owner_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/agent/automount.hpp"
#include "unit/agent/relink_support.hpp"

namespace agent {
namespace {

using namespace std::chrono_literals;
using namespace agent::testing;
using ::testing::HasSubstr;
using State = core::RelinkProgress::State;

const std::string id = "i-0123456789abcdef0";

class RelinkerTest : public ::testing::Test {
   protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root";
        }
        ASSERT_TRUE(enter_private_mounts());
        fs::create_directories(spool);
        fs::create_directories(mail);
        settings.mount.path = mail.string();
        settings.mount.fstypes = {"tmpfs"};
        settings.queue.link = (spool / "postfix").string();
        settings.queue.skeleton = (spool / "postfix_org").string();
        begin_process();
    }
    /// As if the agent had been killed and started again.
    void begin_process(const std::string& boot = "boot-1") {
        relinker.reset();
        lock.emplace(core::OwnerRecord{id, boot, "mx1", "mx1", ""});
        relinker.emplace(settings, id, *lock, [this] { return masters; });
    }
    void make_skeleton(const fs::path& at) {
        make_queue_directories(at);
        make_chroot(at);
        set_old_times(at);
    }
    void first_boot() {
        mounted.emplace(mail);
        make_skeleton(skeleton);
        fs::create_symlink(mail / "i-0aaaaaaaaaaaaaaaa", link);
    }
    core::RelinkProgress relink(std::chrono::milliseconds budget = 1h) {
        core::RelinkProgress progress = relinker->continue_for(budget);
        for (slices = 1; progress.more; ++slices) {
            log.insert(log.end(), progress.log.begin(), progress.log.end());
            progress = relinker->continue_for(budget);
        }
        log.insert(log.end(), progress.log.begin(), progress.log.end());
        return progress;
    }
    void expect_relinked() {
        const core::RelinkProgress progress = relink();
        EXPECT_EQ(progress.state, State::done) << progress.text;
        EXPECT_EQ(progress.text, link.string() + " leads to " + queue.string());
        EXPECT_EQ(fs::read_symlink(link), queue);
        EXPECT_TRUE(fs::is_empty(agent_directory / "staging"));
        EXPECT_FALSE(fs::is_symlink(spool / "postfix.postfix-elb-agent-new"));
    }
    /// Nothing at all was written below the directory of this test.
    template <class Act>
    void expect_untouched(Act act) {
        const Tree before = tree_at(directory.path());
        act();
        EXPECT_EQ(tree_at(directory.path()), before);
    }
    void expect_refused(const std::string& cause) {
        expect_untouched([&] {
            const core::RelinkProgress progress = relink();
            EXPECT_EQ(progress.state, State::refused);
            EXPECT_EQ(progress.text, cause);
            EXPECT_FALSE(progress.remedy.advice.empty());
            EXPECT_FALSE(progress.changed);
            EXPECT_FALSE(progress.more);
        });
    }

    TemporaryDirectory directory;
    fs::path mail = directory.path() / "Mail";
    fs::path agent_directory = mail / ".postfix-elb-agent";
    fs::path queue = mail / id;
    fs::path spool = directory.path() / "spool";
    fs::path link = spool / "postfix";
    fs::path skeleton = spool / "postfix_org";
    std::optional<PrivateMount> mounted;
    core::Settings settings;
    core::Result<std::vector<core::ProcessFacts>> masters = std::vector<core::ProcessFacts>{};
    std::optional<OwnerLock> lock;
    std::optional<Relinker> relinker;
    std::vector<std::string> log;
    int slices = 0;
};

TEST_F(RelinkerTest, AFirstBootGetsAQueueOfItsOwn) {
    first_boot();
    const Tree wanted = tree_at(skeleton);
    expect_relinked();
    expect_same_copy(wanted, tree_at(queue));
    EXPECT_EQ(entry_at(agent_directory).mode & 07777U, 0700U);
    EXPECT_TRUE(lock->holds());
    EXPECT_EQ(log.back(), "done: make " + link.string() + " a symbolic link to " + queue.string() +
                              " in one step");
}

TEST_F(RelinkerTest, APlanWritesNothing) {
    first_boot();
    expect_untouched([&] {
        const auto plan = relinker->plan();
        ASSERT_TRUE(plan.has_value()) << plan.error().message;
        EXPECT_EQ(plan->steps.size(), 5U);
    });
}

TEST_F(RelinkerTest, ASecondRunWritesNothing) {
    first_boot();
    expect_relinked();
    expect_untouched([&] {
        const core::RelinkProgress again = relink();
        EXPECT_EQ(again.state, State::done);
        EXPECT_FALSE(again.changed);
    });
    begin_process();
    expect_untouched([&] {
        const core::RelinkProgress restarted = relink();
        EXPECT_EQ(restarted.state, State::done);
        EXPECT_FALSE(restarted.changed);
    });
}

TEST_F(RelinkerTest, ASecondBootWritesItsNameAndNothingElse) {
    first_boot();
    expect_relinked();
    write_file(queue / "deferred/6/60B27201DE", "mail", 0700, postfix);
    const Tree before = tree_at(directory.path());
    begin_process("boot-2");
    EXPECT_TRUE(relink().changed);
    Tree after = tree_at(directory.path());
    const std::string record = "Mail/.postfix-elb-agent/owners/" + id;
    EXPECT_NE(before.at(record).content, after.at(record).content);
    after[record] = before.at(record);
    EXPECT_EQ(after, before);
}

TEST_F(RelinkerTest, WorksInSlicesAndShowsNoHalfMadeQueue) {
    first_boot();
    const Tree wanted = tree_at(skeleton);
    core::RelinkProgress progress = relinker->continue_for(0ms);
    int calls = 1;
    for (; progress.more; ++calls) {
        EXPECT_EQ(progress.state, State::pending);
        EXPECT_TRUE(fs::is_symlink(link));
        if (fs::exists(queue)) {
            expect_same_copy(wanted, tree_at(queue));
        } else {
            EXPECT_NE(fs::read_symlink(link), queue);
        }
        progress = relinker->continue_for(0ms);
    }
    EXPECT_EQ(progress.state, State::done) << progress.text;
    EXPECT_GT(calls, 1);
}

TEST_F(RelinkerTest, StoppedAfterAnySliceItIsFinishedByTheNext) {
    for (int stop_after = 1, more = true; more; stop_after += 4) {
        first_boot();
        const Tree wanted = tree_at(skeleton);
        core::RelinkProgress progress;
        for (int i = 0; i < stop_after; ++i) {
            progress = relinker->continue_for(0ms);
        }
        more = progress.more;
        begin_process();
        expect_relinked();
        expect_same_copy(wanted, tree_at(queue));
        lock.reset();
        mounted.reset();
        fs::remove_all(spool);
        fs::create_directories(spool);
        begin_process();
    }
}

TEST_F(RelinkerTest, WaitsForTheMountAndWritesNothingBelowItsPlace) {
    make_skeleton(skeleton);
    fs::create_symlink(mail / "other", link);
    expect_untouched([&] {
        const core::RelinkProgress progress = relink();
        EXPECT_EQ(progress.state, State::pending);
        EXPECT_EQ(progress.text, "waiting: nothing is mounted at " + mail.string());
        EXPECT_FALSE(progress.more);
    });
    mounted.emplace(mail);
    expect_relinked();
}

TEST_F(RelinkerTest, AMountThatGoesAwayHalfWayIsNotWrittenUnder) {
    first_boot();
    core::RelinkProgress progress = relinker->continue_for(0ms);
    ASSERT_TRUE(progress.more);
    mounted.reset();
    for (int i = 0; i < 100 && progress.more; ++i) {
        progress = relinker->continue_for(0ms);
    }
    EXPECT_EQ(progress.state, State::failed);
    EXPECT_THAT(progress.text, HasSubstr(mail.string() + ": not mounted"));
    EXPECT_TRUE(fs::is_empty(mail));
    EXPECT_EQ(fs::read_symlink(link), mail / "i-0aaaaaaaaaaaaaaaa");
    mounted.emplace(mail);
    expect_relinked();
}

TEST_F(RelinkerTest, WhileItIsTriedAgainItSaysWhyItFailed) {
    first_boot();
    masters = core::Error{core::Errc::denied, "list the processes in /proc: Permission denied"};
    const core::RelinkProgress failed = relinker->continue_for(0ms);
    ASSERT_EQ(failed.state, State::failed);
    EXPECT_FALSE(failed.more);
    masters = std::vector<core::ProcessFacts>{};
    const core::RelinkProgress again = relinker->continue_for(0ms);
    EXPECT_TRUE(again.more);
    EXPECT_EQ(again.state, State::failed);
    EXPECT_EQ(again.text, failed.text);
    EXPECT_EQ(again.remedy, failed.remedy);
    expect_relinked();
}

TEST_F(RelinkerTest, AWaitForTheMountEndsWhatAFailureSaid) {
    first_boot();
    masters = core::Error{core::Errc::denied, "list the processes in /proc: Permission denied"};
    ASSERT_EQ(relinker->continue_for(0ms).state, State::failed);
    masters = std::vector<core::ProcessFacts>{};
    mounted.reset();
    EXPECT_EQ(relinker->continue_for(0ms).state, State::pending);
    mounted.emplace(mail);
    const core::RelinkProgress begun = relinker->continue_for(0ms);
    EXPECT_TRUE(begun.more);
    EXPECT_EQ(begun.state, State::pending);
    expect_relinked();
}

TEST_F(RelinkerTest, RefusesAMountOfTheWrongTypeWithoutTouchingIt) {
    first_boot();
    settings.mount.fstypes = {"nfs4"};
    begin_process();
    expect_refused(mail.string() + ": type tmpfs is not nfs4");
}

TEST_F(RelinkerTest, RefusesAMountFromAnotherSource) {
    first_boot();
    settings.mount.source = "fs-1:/";
    begin_process();
    expect_refused(mail.string() + ": source test:/ is not fs-1:/");
}

TEST_F(RelinkerTest, RefusesWhileAMasterWorksBehindTheLink) {
    mounted.emplace(mail);
    make_skeleton(skeleton);
    fs::create_directory(directory.path() / "elsewhere");
    fs::create_symlink("../elsewhere", link);
    core::ProcessFacts master;
    master.pid = 5;
    master.cwd = (directory.path() / "elsewhere").string();
    masters = std::vector{master};
    expect_refused("Postfix's master, pid 5, is running in " + master.cwd + ", which is not " +
                   queue.string());
    masters->clear();
    expect_relinked();
}

TEST_F(RelinkerTest, AMasterStartedDuringTheCopyStopsItBeforeTheLink) {
    first_boot();
    const core::RelinkProgress begun = relinker->continue_for(0ms);
    ASSERT_TRUE(begun.more);
    core::ProcessFacts master;
    master.cwd = (mail / "i-0aaaaaaaaaaaaaaaa").string();
    masters = std::vector{master};
    EXPECT_EQ(relink().state, State::refused);
    EXPECT_EQ(fs::read_symlink(link), mail / "i-0aaaaaaaaaaaaaaaa");
    masters->clear();
    expect_relinked();
}

TEST_F(RelinkerTest, ARestartBesideAMasterOfAnotherQueueFindsNothingToRefuse) {
    first_boot();
    expect_relinked();
    begin_process();
    core::ProcessFacts master;
    master.cwd = (mail / "i-0aaaaaaaaaaaaaaaa").string();
    masters = std::vector{master};
    expect_untouched([&] { EXPECT_EQ(relink().state, State::done); });
}

TEST_F(RelinkerTest, WithoutKnowingTheMastersNothingIsDone) {
    first_boot();
    masters = core::Error{core::Errc::denied, "list the processes in /proc: Permission denied"};
    expect_untouched([&] {
        const core::RelinkProgress progress = relink();
        EXPECT_EQ(progress.state, State::failed);
        EXPECT_EQ(progress.text, "look: list the processes in /proc: Permission denied");
        EXPECT_TRUE(relinker->plan().has_error());
    });
    masters = std::vector<core::ProcessFacts>{};
    expect_relinked();
}

TEST_F(RelinkerTest, AMountOverALiveQueueGetsNoFreshOne) {
    first_boot();
    expect_relinked();
    core::ProcessFacts master;
    master.pid = 5;
    master.cwd = queue.string();
    masters = std::vector{master};
    {
        const PrivateMount over(mail);
        expect_refused("Postfix's master, pid 5, is running in " + queue.string() +
                       ", which is not in what is mounted at " + mail.string() +
                       " now: something else was mounted over it");
    }
    expect_relinked();
}

TEST_F(RelinkerTest, AnOwnershipThatCannotBeReadIsAFailure) {
    first_boot();
    expect_relinked();
    begin_process();
    const fs::path owner = agent_directory / "owners" / id;
    fs::rename(owner, agent_directory / "aside");
    fs::create_symlink("nowhere", owner);
    const core::RelinkProgress progress = relink();
    EXPECT_EQ(progress.state, State::failed);
    EXPECT_THAT(progress.text, HasSubstr("look: cannot find the holder of the id " + id +
                                         ": open " + owner.string()));
    EXPECT_THAT(progress.remedy.advice, HasSubstr("retries automatically"));
    fs::rename(agent_directory / "aside", owner);
    expect_relinked();
}

TEST_F(RelinkerTest, RefusesADirectoryWithMailInIt) {
    mounted.emplace(mail);
    make_skeleton(skeleton);
    make_queue_directories(link);
    write_file(link / "deferred/6/60B27201DE", "mail", 0700, postfix);
    write_file(link / "hold/60B27201DF", "mail", 0700, postfix);
    write_file(link / "deferred/.nfs1", "none", 0700, postfix);
    expect_refused(link.string() +
                   " is a directory with 2 queued messages in it: it is not replaced");
}

TEST_F(RelinkerTest, RefusesToLeadTheLinkAwayFromLocalMail) {
    mounted.emplace(mail);
    make_skeleton(skeleton);
    const fs::path elsewhere = directory.path() / "elsewhere";
    make_queue_directories(elsewhere);
    write_file(elsewhere / "deferred/6/60B27201DE", "mail", 0700, postfix);
    fs::create_symlink("../elsewhere", link);
    expect_refused(link.string() + " leads to " + elsewhere.string() +
                   ", a directory with 1 queued message in it: it is not replaced");
    fs::remove(elsewhere / "deferred/6/60B27201DE");
    expect_relinked();
}

TEST_F(RelinkerTest, RefusesToLeadTheLinkAwayFromMailInTheSkeleton) {
    mounted.emplace(mail);
    make_skeleton(skeleton);
    write_file(skeleton / "incoming/60B27201DE", "mail", 0700, postfix);
    fs::create_symlink("postfix_org", link);
    expect_refused(link.string() + " leads to " + skeleton.string() +
                   ", a directory with 1 queued message in it: it is not replaced");
    fs::remove(skeleton / "incoming/60B27201DE");
    expect_relinked();
}

TEST_F(RelinkerTest, AnotherInstancesMailOnTheMountIsItsOwnAffair) {
    first_boot();
    write_file(mail / "i-0aaaaaaaaaaaaaaaa/deferred/6/60B27201DE", "mail", 0700, postfix);
    expect_relinked();
    EXPECT_EQ(read_file(mail / "i-0aaaaaaaaaaaaaaaa/deferred/6/60B27201DE"), "mail");
}

TEST_F(RelinkerTest, ADirectoryIsSetAsideWhereTheSkeletonsPlaceIsOnAnotherFileSystem) {
    mounted.emplace(mail);
    const PrivateMount other(directory.path() / "other");
    settings.queue.skeleton = (directory.path() / "other/postfix_org").string();
    begin_process();
    make_skeleton(link);
    const Tree wanted = tree_at(link);
    expect_relinked();
    expect_same_copy(wanted, tree_at(queue));
    expect_same_copy(wanted, tree_at(spool / "postfix.before-relink"));
    EXPECT_TRUE(fs::is_empty(directory.path() / "other"));
}

TEST_F(RelinkerTest, AnIdleAutomountIsMadeToMount) {
    make_skeleton(skeleton);
    fs::create_symlink(mail / "other", link);
    const Automount automount(mail, "tmpfs");
    if (!automount.works()) {
        GTEST_SKIP() << "no autofs here";
    }
    expect_relinked();
    EXPECT_TRUE(fs::is_directory(queue));
}

TEST_F(RelinkerTest, AnAutomountThatDoesNotMountIsWaitedFor) {
    make_skeleton(skeleton);
    fs::create_symlink(mail / "other", link);
    const Automount automount(mail, nullptr);
    if (!automount.works()) {
        GTEST_SKIP() << "no autofs here";
    }
    const core::RelinkProgress progress = relink();
    EXPECT_EQ(progress.state, State::pending);
    EXPECT_EQ(progress.text, "waiting: nothing is mounted at " + mail.string());
}

TEST_F(RelinkerTest, ADirectoryAtTheLinkBecomesTheSkeleton) {
    mounted.emplace(mail);
    make_skeleton(link);
    const Tree wanted = tree_at(link);
    expect_relinked();
    expect_same_copy(wanted, tree_at(queue));
    expect_same_copy(wanted, tree_at(skeleton));
}

TEST_F(RelinkerTest, ADirectoryAtTheLinkIsSetAsideBesideASkeleton) {
    mounted.emplace(mail);
    make_skeleton(skeleton);
    make_queue_directories(link);
    write_file(link / "note", "kept");
    fs::create_symlink(queue,
                       spool / "postfix.before-relink");  // killed between making and exchanging
    expect_relinked();
    EXPECT_EQ(read_file(spool / "postfix.before-relink/note"), "kept");
    EXPECT_FALSE(fs::exists(queue / "note"));
}

TEST_F(RelinkerTest, LeftoversOfAnEarlierTryAreRemoved) {
    first_boot();
    expect_relinked();
    const Tree wanted = tree_at(skeleton);
    fs::remove_all(queue);
    write_file(agent_directory / "staging" / id / "active/half", "x");
    fs::create_symlink("nonsense", spool / "postfix.postfix-elb-agent-new");
    begin_process();
    expect_relinked();
    expect_same_copy(wanted, tree_at(queue));
}

TEST_F(RelinkerTest, MissingDirectoriesOfAQueueAreMadeAsInTheSkeleton) {
    first_boot();
    expect_relinked();
    write_file(queue / "deferred/6/60B27201DE", "mail", 0700, postfix);
    fs::remove(queue / "maildrop");
    fs::remove(queue / "public");
    const ino_t inode = entry_at(queue).inode;
    expect_relinked();
    EXPECT_EQ(entry_at(queue).inode, inode);
    EXPECT_EQ(entry_at(queue / "maildrop").mode, mode_t{S_IFDIR | 01730});
    EXPECT_EQ(entry_at(queue / "maildrop").group, postdrop);
    EXPECT_EQ(entry_at(queue / "public").mode, mode_t{S_IFDIR | 02710});
    EXPECT_EQ(read_file(queue / "deferred/6/60B27201DE"), "mail");
}

TEST_F(RelinkerTest, WhatTheSkeletonLacksIsThereBeforeTheQueueIsSeen) {
    first_boot();
    fs::remove(skeleton / "pid");
    expect_relinked();
    EXPECT_EQ(entry_at(queue / "pid").mode, mode_t{S_IFDIR | 0755});
}

TEST_F(RelinkerTest, BakedInMailIsReportedAndNotMultiplied) {
    first_boot();
    add_baked_in_leftovers(skeleton);
    expect_relinked();
    EXPECT_THAT(log, ::testing::Contains(
                         "the skeleton " + skeleton.string() +
                         " holds 3 queued messages, which are neither copied nor delivered"));
    for (const char* name :
         {"active", "defer", "deferred", "maildrop", "pid", "private", "public", "dev"}) {
        EXPECT_TRUE(fs::is_empty(queue / name)) << name;
    }
    EXPECT_EQ(read_file(skeleton / "active/60B27201DD"), "mail");
}

TEST_F(RelinkerTest, RefusesAnIdThatAnotherHostHolds) {
    first_boot();
    expect_relinked();
    OwnerLock other_lock({id, "boot-2", "mx2", "mx2", ""});
    Relinker other(settings, id, other_lock, [] { return std::vector<core::ProcessFacts>{}; });
    expect_untouched([&] {
        const core::RelinkProgress progress = other.continue_for(1h);
        EXPECT_EQ(progress.state, State::refused);
        EXPECT_THAT(progress.text, HasSubstr("the id " + id +
                                             " is held by another: host mx1, boot boot-1, since "));
    });
}

TEST_F(RelinkerTest, AnotherAgentOfThisHostFindsNothingToDo) {
    first_boot();
    expect_relinked();
    OwnerLock other_lock({id, "boot-1", "mx1", "mx1", ""});
    Relinker other(settings, id, other_lock, [] { return std::vector<core::ProcessFacts>{}; });
    expect_untouched([&] { EXPECT_EQ(other.continue_for(1h).state, State::done); });
}

TEST_F(RelinkerTest, AFullFileSystemFailsWithARemedyAndIsRetried) {
    mounted.emplace(mail, "size=256k,mode=755");
    make_skeleton(skeleton);
    fs::create_symlink(mail / "other", link);
    const core::RelinkProgress progress = relink();
    EXPECT_EQ(progress.state, State::failed);
    EXPECT_EQ(progress.text, "copy_skeleton: write " + (agent_directory / "staging" / id).string() +
                                 "/usr/lib/zoneinfo/big: No space left on device");
    EXPECT_EQ(progress.remedy.advice,
              "Free space there or raise the quota; the agent retries automatically.");
    EXPECT_EQ(fs::read_symlink(link), mail / "other");
    EXPECT_FALSE(fs::exists(queue));
    ASSERT_EQ(::mount("", mail.c_str(), nullptr, MS_REMOUNT, "size=8m"), 0);
    expect_relinked();
}

TEST_F(RelinkerTest, AFileInThePlaceOfTheQueueIsRefused) {
    first_boot();
    write_file(queue, "x");
    expect_refused(queue.string() + " exists and is not a directory");
}

TEST_F(RelinkerTest, ALinkInThePlaceOfTheQueueIsRefused) {
    first_boot();
    fs::create_directory_symlink(spool, queue);
    expect_refused(queue.string() + " exists and is not a directory");
}

}  // namespace
}  // namespace agent
