// SPDX-License-Identifier: Apache-2.0
// Against a real journald.
#include "systemd/ordering_cycles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/systemd/journald.hpp"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tests::Journald;

const std::vector<std::string> ours{"postfix-elb-agent.service", "postfix@-.service"};
constexpr const char* dropped =
    "multi-user.target: Job postfix-elb-agent.service/start deleted to break ordering cycle "
    "starting with "
    "multi-user.target/start";

class OrderingCycles : public testing::Test {
   protected:
    void SetUp() override {
        if (!Journald::furnish()) {
            GTEST_SKIP() << "needs root, and mounts of its own";
        }
    }

    /// What is found once everything that was logged has been written.
    static std::vector<std::string> found() {
        Journald::control("--sync");
        const auto lines = systemd::ordering_cycles(ours);
        EXPECT_TRUE(lines) << lines.error().message;
        return lines ? *lines : std::vector<std::string>{"error"};
    }

    Journald journald_;
};

TEST_F(OrderingCycles, ThoseOfOurUnitsAreReportedOnceInOrder) {
    journald_.start();
    journald_.log_as_daemon("systemd",
                            "multi-user.target: Found ordering cycle on postfix@-.service/start");
    journald_.log_as_daemon("systemd", dropped);
    journald_.log_as_daemon("systemd", dropped);
    EXPECT_THAT(
        found(),
        ElementsAre("multi-user.target: Found ordering cycle on postfix@-.service/start", dropped));
}

TEST_F(OrderingCycles, OtherUnitsMessagesAndProgramsAreIgnored) {
    journald_.start();
    journald_.log_as_daemon("systemd", "a.service: Found ordering cycle on b.service/start");
    journald_.log_as_daemon("systemd", "Started postfix@-.service");
    journald_.log_as_daemon("other", dropped);
    EXPECT_THAT(found(), IsEmpty());
}

TEST_F(OrderingCycles, AMissingJournalIsAnError) {
    const auto lines = systemd::ordering_cycles(ours);
    ASSERT_FALSE(lines);
    EXPECT_EQ(lines.error().code, core::Errc::missing);
}

}  // namespace
