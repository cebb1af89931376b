// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/gate_wait.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace std::chrono_literals;
using core::GateWait;
using core::StartingUnit;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

StartingUnit unit(std::string state, std::chrono::microseconds left_inactive = 0us) {
    return {std::move(state), false, "", left_inactive};
}

StartingUnit queued(std::string state) {
    return {std::move(state), true, "", 0us};
}

}  // namespace

TEST(GateWait, AnAgentStartsWhileItActivatesOrIsAboutTo) {
    EXPECT_TRUE(core::is_starting(unit("activating")));
    EXPECT_TRUE(core::is_starting(queued("inactive")));
    EXPECT_TRUE(core::is_starting(queued("failed")));
}

TEST(GateWait, AnAgentThatIsUpOrDownIsNotWaitedFor) {
    for (const char* state :
         {"active", "reloading", "inactive", "failed", "deactivating", "maintenance", ""}) {
        EXPECT_FALSE(core::is_starting(unit(state))) << state;
    }
    EXPECT_FALSE(core::is_starting(queued("active")))
        << "a job of a unit that is up is a stop or a reload";
    EXPECT_FALSE(core::is_starting(queued("deactivating")));
}

TEST(GateWait, TheTimeCountsFromTheStartOfTheAgent) {
    GateWait wait(5min, 100s);
    EXPECT_TRUE(wait.goes_on(unit("activating", 10s), 309s));
    EXPECT_FALSE(wait.goes_on(unit("activating", 10s), 310s));
}

TEST(GateWait, WithAQueuedJobTheTimeCountsFromTheGate) {
    GateWait wait(5min, 100s);
    StartingUnit waiting = queued("inactive");
    waiting.left_inactive = 10s;  // of a start before
    EXPECT_TRUE(wait.goes_on(waiting, 399s));
    EXPECT_FALSE(wait.goes_on(waiting, 400s));
}

TEST(GateWait, RestartsOfTheAgentDoNotExtendIt) {
    GateWait wait(5min, 100s);
    EXPECT_TRUE(wait.goes_on(unit("activating", 10s), 101s));
    EXPECT_TRUE(wait.goes_on(unit("activating", 300s), 301s));
    EXPECT_FALSE(wait.goes_on(unit("activating", 309s), 310s));
    GateWait late(5min, 100s);
    EXPECT_FALSE(late.goes_on(unit("activating", 399s), 400s))
        << "from when the gate was asked at the latest";
}

TEST(GateWait, WithNoTimeNothingIsWaitedFor) {
    GateWait wait(0ms, 100s);
    EXPECT_FALSE(wait.goes_on(unit("activating"), 100s));
}

TEST(GateWait, ReportsTheStatusOfTheAgent) {
    const GateWait wait(5min, 100s);
    StartingUnit agent = unit("activating");
    EXPECT_THAT(wait.text(agent), EndsWith("until 5m (mount.wait) after it began"));
    agent.status = "health fail, ready fail, relinking: mount missing: nothing is mounted at /Mail";
    EXPECT_THAT(wait.text(agent), EndsWith(": mount missing: nothing is mounted at /Mail"));
    EXPECT_THAT(wait.text(agent),
                HasSubstr("waiting for postfix-elb-agent.service, which is starting"));
}
