// SPDX-License-Identifier: Apache-2.0
// queue.after_user_data: nothing is relinked, and Postfix not started, before cloud-init has run
// user data.
#include "core/checks/checks.hpp"
#include "core/verdict/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/core/healthy_world.hpp"

using core::Reason;
using core::Status;
using core::UserData;
using testing::HasSubstr;

namespace {

/// A first boot: mounted, nothing relinked yet, user data under way.
struct FirstBoot : test::World {
    FirstBoot() {
        settings.queue.after_user_data = true;
        host().user_data = UserData::running;
        facts.relink.value.reset();
        stop_postfix();
    }

    std::string refusal() const {
        const auto verdict = core::may_start(facts, settings, now);
        return verdict ? "not refused" : verdict.error().message;
    }
};

}  // namespace

TEST(AfterUserData, ThePendingRelinkReportsItsCause) {
    const FirstBoot world;
    const core::Finding finding = core::check_relink(world.facts, world.settings, world.now);
    EXPECT_EQ(finding.status, Status::fail);
    EXPECT_EQ(finding.reason, Reason::pending);
    EXPECT_EQ(
        finding.output,
        "/var/spool/postfix to /Mail/i-0123456789abcdef0: waits until cloud-init has run user data "
        "(queue.after_user_data)");
    EXPECT_THAT(test::text_of(finding.remedy), HasSubstr("cloud-init status --long"));
}

TEST(AfterUserData, ThePhaseIsRelinking) {
    const FirstBoot world;
    EXPECT_EQ(core::Health().evaluate(world.facts, world.settings, world.now).phase,
              core::Phase::relinking);
}

TEST(AfterUserData, PostfixMayNotStartAlthoughLinkAndMountAreRight) {
    FirstBoot world;
    EXPECT_THAT(world.refusal(),
                HasSubstr("waits until cloud-init has run user data (queue.after_user_data)"));
    EXPECT_THAT(world.refusal(), HasSubstr("cloud-init status --long"));
    world.host().user_data = UserData::done;
    EXPECT_EQ(world.refusal(), "not refused");
    world.host().user_data = UserData::not_expected;
    EXPECT_EQ(world.refusal(), "not refused");
}

TEST(AfterUserData, WithoutTheSettingCloudInitDoesNotCount) {
    FirstBoot world;
    world.settings.queue.after_user_data = false;
    EXPECT_FALSE(core::awaits_user_data(world.facts, world.settings));
    EXPECT_EQ(world.refusal(), "not refused");
}

TEST(AfterUserData, WaitsWhileTheStateIsUnknown) {
    FirstBoot world;
    world.facts.host.value.reset();
    EXPECT_TRUE(core::awaits_user_data(world.facts, world.settings));
}

TEST(AfterUserData, AFinishedRelinkStays) {
    test::World world;
    world.settings.queue.after_user_data = true;
    world.host().user_data = UserData::running;
    EXPECT_EQ(core::check_relink(world.facts, world.settings, world.now).status, Status::pass)
        << "the setting came with a reload, and mail flows";
}
