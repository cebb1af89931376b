// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_calls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/systemd/bus.hpp"

namespace systemd {
namespace {

using namespace std::chrono_literals;
using core::Errc;
using testing::HasSubstr;

constexpr const char* agent = "postfix-elb-agent.service";

class UnitCallsTest : public ::testing::Test {
   protected:
    UnitCallsTest() {
        bus.start();
        systemd = std::make_unique<tests::FakeSystemd>();
        systemd->send("unit postfix-elb-agent.service loaded activating start notify");
    }

    tests::Bus bus;
    std::unique_ptr<tests::FakeSystemd> systemd;
};

TEST_F(UnitCallsTest, ReturnsTheStateOfAUnit) {
    systemd->send("began postfix-elb-agent.service 12345678901");
    systemd->send("status postfix-elb-agent.service health fail: mount missing");
    const auto unit = ask_unit(agent, 5s);
    ASSERT_TRUE(unit) << unit.error().message;
    EXPECT_EQ(unit->active_state, "activating");
    EXPECT_FALSE(unit->has_job);
    EXPECT_EQ(unit->left_inactive, 12345678901us);
    EXPECT_EQ(unit->status, "health fail: mount missing");
}

TEST_F(UnitCallsTest, ReportsAQueuedJob) {
    systemd->send("unit postfix-elb-agent.service loaded inactive dead notify");
    systemd->send("job postfix-elb-agent.service start");
    EXPECT_TRUE(ask_unit(agent, 5s)->has_job);
    systemd->send("done postfix-elb-agent.service");
    EXPECT_FALSE(ask_unit(agent, 5s)->has_job);
}

TEST_F(UnitCallsTest, StartsAUnitWithoutWaitingForIt) {
    systemd->send("unit postfix@-.service loaded failed failed forking");
    const auto started = start_unit("postfix@-.service", 5s);
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_EQ(systemd->send("started"), "postfix@-.service");
}

TEST_F(UnitCallsTest, ARefusalQuotesSystemd) {
    const auto started = start_unit("postfix@-.service", 5s);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::refused);
    EXPECT_THAT(started.error().message, HasSubstr("Unit postfix@-.service not found."));
}

TEST_F(UnitCallsTest, AHungSystemdTimesOut) {
    systemd->hang();
    const auto began = std::chrono::steady_clock::now();
    const auto unit = ask_unit(agent, 300ms);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
    ASSERT_FALSE(unit);
    EXPECT_EQ(unit.error().code, Errc::timed_out);
    systemd->thaw();
}

TEST_F(UnitCallsTest, AHungBusTimesOut) {
    bus.hang();
    const auto began = std::chrono::steady_clock::now();
    const auto unit = ask_unit(agent, 300ms);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
    ASSERT_FALSE(unit);
    EXPECT_EQ(unit.error().code, Errc::timed_out);
    bus.thaw();
}

TEST_F(UnitCallsTest, WithoutABusItFailsAtOnce) {
    systemd.reset();
    bus.stop();
    const auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(ask_unit(agent, 5s));
    EXPECT_FALSE(start_unit(agent, 5s));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
}

}  // namespace
}  // namespace systemd
