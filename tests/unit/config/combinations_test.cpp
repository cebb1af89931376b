// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/support.hpp"

using test::problems_in;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

namespace {

std::vector<std::string> problems_with(const std::vector<std::string>& overrides) {
    return problems_in("{}", overrides);
}

}  // namespace

TEST(Combinations, TheLinkIsNotOnTheMount) {
    EXPECT_THAT(problems_with({"queue.link=/Mail/queue"}),
                ElementsAre("--set: queue.link: \"/Mail/queue\" is inside mount.path \"/Mail\"; "
                            "the link must be on the "
                            "local disk and point into the mount"));
    EXPECT_THAT(problems_with({"queue.link=/Mail"}),
                ElementsAre(HasSubstr("is the same as mount.path")));
    EXPECT_THAT(problems_with({"mount.path=/var/spool/postfix/m"}),
                ElementsAre(HasSubstr("queue.link: \"/var/spool/postfix\" contains mount.path")));
    EXPECT_THAT(problems_with({"queue.link=/Mailqueue"}), IsEmpty());
}

TEST(Combinations, TheSkeletonIsNeitherOnTheMountNorTheLink) {
    EXPECT_THAT(problems_with({"queue.skeleton=/Mail/org"}),
                ElementsAre(HasSubstr("queue.skeleton: \"/Mail/org\" is inside mount.path")));
    EXPECT_THAT(problems_with({"queue.skeleton=/var/spool/postfix"}),
                ElementsAre(HasSubstr("is the same as queue.link")));
    EXPECT_THAT(problems_with({"queue.skeleton=/var/spool/postfix/org"}),
                ElementsAre(HasSubstr("is inside queue.link")));
    EXPECT_THAT(problems_with({"queue.skeleton=/var/spool"}),
                ElementsAre(HasSubstr("contains queue.link")));
}

TEST(Combinations, NoPathHasANameThatTheRelinkUses) {
    EXPECT_THAT(problems_with({"queue.skeleton=/var/spool/postfix.before-relink"}),
                ElementsAre(HasSubstr("is a name that the relink uses beside queue.link")));
    EXPECT_THAT(problems_with({"mount.path=/var/spool/postfix.postfix-elb-agent-new"}),
                ElementsAre(StartsWith("--set: mount.path: ")));
}

TEST(Combinations, TheLogIsNotReadThroughTheMount) {
    EXPECT_THAT(problems_with({"maillog.path=/Mail/log"}),
                ElementsAre(HasSubstr("the log must be readable when the mount hangs")));
    EXPECT_THAT(problems_with({"maillog.path=/var/spool/postfix/log"}),
                ElementsAre(HasSubstr("is inside queue.link")));
}

TEST(Combinations, ALogPathIsNotGivenForTheJournal) {
    EXPECT_THAT(
        problems_with({"maillog.path=/var/log/maillog", "maillog.source=journal"}),
        ElementsAre(HasSubstr(
            "maillog.path: \"/var/log/maillog\" is not read, because maillog.source is journal")));
    EXPECT_THAT(problems_with({"maillog.path=auto", "maillog.source=journal"}), IsEmpty());
}

TEST(Combinations, TheDeadlineIsAtMostTwentyIntervals) {
    EXPECT_THAT(problems_with({"mount.deadline=20s", "checks.interval=1s"}), IsEmpty());
    EXPECT_THAT(problems_with({"mount.deadline=20001ms", "checks.interval=1s"}),
                ElementsAre("--set: mount.deadline: 20001ms is more than 20 times checks.interval, "
                            "1s; shorten the deadline or "
                            "lengthen the interval"));
}

TEST(Combinations, AConflictNamesAKeyThatTheOperatorWrote) {
    EXPECT_THAT(problems_in("{\n\n\"mount\": {\"path\": \"/var/spool/postfix_org\"}}"),
                ElementsAre(StartsWith("agent.json:3: queue.skeleton: ")));
}

TEST(Combinations, ARefusedValueIsNotReportedTwice) {
    EXPECT_THAT(problems_with({"mount.path=bad", "queue.link=/Mail/x"}),
                ElementsAre(HasSubstr("\"bad\" is not an absolute path")));
}
