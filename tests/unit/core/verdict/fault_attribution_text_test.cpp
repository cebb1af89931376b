// SPDX-License-Identifier: Apache-2.0
// What an operator reads of a mount that does not work, by whose fault it is.
#include "core/verdict/fault_attribution_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/core/healthy_world.hpp"

namespace {

using core::Check;
using core::Excuse;
using core::Finding;
using core::MountFault;
using core::MountFaultTracker;
using core::Reason;
using test::World;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;
using Answer = core::FileServerFacts::Answer;

const std::string hung = "/Mail has not answered since 2026-11-22T10:00:00.000Z (10 s)";

/// A mount that hangs, for 10 s, of a queue that was this instance's in this boot.
struct Outage {
    World world;
    MountFaultTracker tracker;

    explicit Outage(bool worked = true) {
        world.facts.mount_worked = worked;
        world.facts.mount_hung_since = world.now;
        observe();
        world.pass_time(10s);
        world.look_again();
    }

    Outage& server_says(Answer answer, bool loopback = false) {
        world.facts.file_server.value =
            core::FileServerFacts{answer, "10.0.0.5:2049", loopback, ""};
        world.facts.file_server.at = world.now;
        observe();
        return *this;
    }

    void observe() {
        tracker.observe(core::MountCondition::failing, world.facts, world.settings, world.now);
    }

    [[nodiscard]] Finding seen() const {
        return core::check_mount(world.facts, world.settings, world.now);
    }
    [[nodiscard]] Finding attributed(Excuse excuse = Excuse::none) const {
        return attributed_as(seen(), excuse);
    }
    [[nodiscard]] Finding attributed_as(Finding finding, Excuse excuse = Excuse::none) const {
        finding.excuse = excuse;
        return core::attributed(finding, tracker, world.facts, world.settings);
    }
};

TEST(MountFaultWords, ASilentServerMeansWaitAndReplaceNothing) {
    const Outage outage = Outage().server_says(Answer::silent);
    const Finding finding = outage.attributed(Excuse::shared_fault);
    EXPECT_EQ(finding.output, hung +
                                  "; the file server 10.0.0.5:2049 is silent, too: every instance "
                                  "shares that (excused for "
                                  "shared_fault.hold)");
    EXPECT_THAT(test::text_of(finding.remedy),
                StartsWith("Wait and replace nothing, because it recovers automatically"));
}

TEST(MountFaultWords, NoRemedyUnmountsInAnOutage) {
    Outage outage;
    outage.world.facts.mount_hung_since.reset();
    outage.world.mount().answer = core::MountFacts::Answer::io_error;
    outage.server_says(Answer::silent);
    ASSERT_EQ(outage.seen().reason, Reason::io_error);
    ASSERT_THAT(test::text_of(outage.seen().remedy), HasSubstr("umount"));
    EXPECT_THAT(test::text_of(outage.attributed(Excuse::shared_fault).remedy),
                testing::Not(HasSubstr("umount")));
}

TEST(MountFaultWords, AServerThatJustAnsweredAgainNeedsTime) {
    const Outage outage = Outage().server_says(Answer::silent).server_says(Answer::answers);
    ASSERT_EQ(outage.tracker.fault(), MountFault::shared);
    EXPECT_THAT(outage.attributed(Excuse::shared_fault).output,
                HasSubstr("; the file server 10.0.0.5:2049 was silent a short time ago: every "
                          "instance shares that"));
}

TEST(MountFaultWords, AnOutageBeyondHoldIsReported) {
    const Finding finding = Outage().server_says(Answer::silent).attributed(Excuse::none);
    EXPECT_THAT(
        finding.output,
        EndsWith("is silent, too: every instance shares that, longer than shared_fault.hold "
                 "excuses it"));
    EXPECT_THAT(test::text_of(finding.remedy), testing::Not(HasSubstr("Wait and replace nothing")));
}

TEST(MountFaultWords, AServerThatAnswersMeansThatThisClientIsWedged) {
    const Finding finding = Outage().server_says(Answer::answers).attributed();
    EXPECT_EQ(finding.output,
              hung + "; the file server 10.0.0.5:2049 answers, so this client is wedged");
    EXPECT_THAT(test::text_of(finding.remedy),
                StartsWith("This client is wedged and does not recover: replace the instance, or "
                           "remount "));
    EXPECT_THAT(test::text_of(finding.remedy),
                HasSubstr("sudo umount -f /Mail && sudo mount /Mail"));
}

TEST(MountFaultWords, OtherFaultsOfThisInstanceAreNamed) {
    struct Own {
        Answer answer;
        bool loopback;
        bool worked;
        std::string output;
        std::string remedy;
    };
    for (const Own& own :
         {Own{Answer::refused, true, true,
              "; nothing listens at 10.0.0.5:2049, this host's tunnel to the file server",
              "amazon-efs-mount-watchdog"},
          Own{Answer::unreachable, false, true,
              "; this host has no route to the file server 10.0.0.5:2049", "ip route"},
          Own{Answer::no_address, false, true,
              "; its options name no file server that could be asked", "2049"},
          Own{Answer::silent, false, false,
              "; the file server 10.0.0.5:2049 is silent, and the mount never worked in this boot",
              "security group"}}) {
        Outage outage(own.worked);
        outage.server_says(own.answer, own.loopback);
        ASSERT_EQ(outage.tracker.fault(), MountFault::instance) << own.output;
        EXPECT_EQ(outage.attributed().output, hung + own.output);
        EXPECT_THAT(test::text_of(outage.attributed().remedy), HasSubstr(own.remedy));
    }
}

TEST(MountFaultWords, AnUnknownFaultAddsNothing) {
    Outage unknown;
    unknown.tracker = {};
    unknown.observe();
    ASSERT_EQ(unknown.tracker.fault(), MountFault::unknown);
    unknown.world.facts.file_server.value =
        core::FileServerFacts{Answer::answers, "10.0.0.5:2049", false, ""};
    for (const Finding& finding : {unknown.attributed(), Outage(false).attributed(),
                                   Outage(false).server_says(Answer::not_asked).attributed()}) {
        EXPECT_EQ(finding.output, hung);
        EXPECT_THAT(test::text_of(finding.remedy), HasSubstr("or other instances hang too"));
    }
}

TEST(MountFaultWords, AnAnswerOfAnEarlierFaultIsNotRepeated) {
    Outage outage;
    outage.server_says(Answer::answers);
    outage.tracker.observe(core::MountCondition::works, outage.world.facts, outage.world.settings,
                           outage.world.now);
    outage.world.pass_time(60s);
    outage.world.facts.mount_worked = false;
    outage.observe();
    ASSERT_EQ(outage.tracker.fault(), MountFault::instance);
    EXPECT_THAT(outage.attributed().output, testing::Not(HasSubstr("file server")));
}

TEST(MountFaultWords, OtherFindingsStayAsTheyAre) {
    Outage outage;
    outage.server_says(Answer::answers);
    World unmounted;
    unmounted.host().mount.reset();
    const Finding missing = core::check_mount(unmounted.facts, unmounted.settings, unmounted.now);
    EXPECT_EQ(outage.attributed_as(missing).output, missing.output);
    const World healthy;
    EXPECT_EQ(outage.attributed_as(core::check_mount(healthy.facts, healthy.settings, healthy.now))
                  .output,
              "");
    unmounted.stop_postfix();
    const Finding stale =
        core::check_master_pid(unmounted.facts, unmounted.settings, unmounted.now);
    EXPECT_EQ(outage.attributed_as(stale).output, stale.output);
}

}  // namespace
