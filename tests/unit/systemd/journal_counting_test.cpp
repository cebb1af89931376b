// SPDX-License-Identifier: Apache-2.0
// All lines of Postfix, each once, from any position. Against a real journald.
#include "systemd/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/systemd/journald.hpp"

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tests::Journald;

class JournalCounting : public testing::Test {
   protected:
    void SetUp() override {
        if (!Journald::furnish()) {
            GTEST_SKIP() << "needs root, and mounts of its own";
        }
        journald_.start();
    }

    void connect(int number) {
        journald_.log("postfix/smtpd", "connect " + std::to_string(number));
    }

    /// The texts after the cursor, until there are `count` of them or five seconds have passed;
    /// moves the cursor behind them.
    std::vector<std::string> after(systemd::Journal& journal, std::string& cursor,
                                   std::size_t count) {
        Journald::control("--sync");
        std::vector<std::string> texts;
        tests::eventually([&] {
            systemd::JournalSlice slice;
            do {
                slice = journal.read({"", cursor});
                cursor = *slice.position.lines;
                for (const std::string& line : slice.lines) {
                    texts.push_back(line.substr(line.find(": ") + 2));
                }
            } while (slice.more);
            return texts.size() >= count;
        });
        return texts;
    }
    std::vector<std::string> after(std::string& cursor, std::size_t count) {
        systemd::Journal journal({.entries = 3});
        return after(journal, cursor, count);
    }

    Journald journald_;
};

TEST_F(JournalCounting, ReturnsTheLinesOfPostfixOfAnyUser) {
    journald_.log("postfix/smtpd", "connect from x");
    journald_.log_as_another_user("postfix-in/submission/smtpd", "connect from y");
    journald_.log("dovecot", "connect from z");
    journald_.log_as_daemon("postfix/smtpd", "connect from another facility");
    journald_.log("postfix/qmgr", "4F: removed");
    std::string cursor;
    EXPECT_THAT(after(cursor, 3), ElementsAre("connect from x", "connect from y", "4F: removed"));
    EXPECT_NE(cursor, "");
}

TEST_F(JournalCounting, AnotherReaderGoesOnAfterTheCursorOfTheFirst) {
    connect(1);
    connect(2);
    std::string cursor;
    EXPECT_THAT(after(cursor, 2), ElementsAre("connect 1", "connect 2"));
    connect(3);
    EXPECT_THAT(after(cursor, 1), ElementsAre("connect 3"));
    systemd::Journal journal;
    EXPECT_THAT(journal.read({"", cursor}).lines, IsEmpty());
}

TEST_F(JournalCounting, ReturnsASliceAgainThatWasNotReceived) {
    connect(1);
    systemd::Journal journal;
    std::string cursor;
    EXPECT_THAT(after(journal, cursor, 1), ElementsAre("connect 1"));
    const std::string before = cursor;
    connect(2);
    EXPECT_THAT(after(journal, cursor, 1), ElementsAre("connect 2"));
    cursor = before;
    EXPECT_THAT(after(journal, cursor, 1), ElementsAre("connect 2"));
    EXPECT_THAT(after(journal, cursor, 0), IsEmpty());
}

TEST_F(JournalCounting, FindsThePositionAfterRotationAndFlushToDisk) {
    connect(1);
    std::string cursor;
    EXPECT_THAT(after(cursor, 1), ElementsAre("connect 1"));
    Journald::control("--rotate");
    connect(2);
    EXPECT_THAT(after(cursor, 1), ElementsAre("connect 2"));
    std::filesystem::create_directories(Journald::persistent_files);
    Journald::control("--flush");
    connect(3);
    EXPECT_THAT(after(cursor, 1), ElementsAre("connect 3"));
}

TEST_F(JournalCounting, RefusesATextThatIsNoCursor) {
    connect(1);
    std::string cursor;
    EXPECT_THAT(after(cursor, 1), ElementsAre("connect 1"));
    systemd::Journal journal;
    const auto slice = journal.read({"", "no cursor at all"});
    EXPECT_NE(slice.state, systemd::JournalSlice::State::reading);
    EXPECT_THAT(slice.lines, IsEmpty());
}

TEST_F(JournalCounting, ReturnsStartLinesOfRootBesideTheLines) {
    constexpr const char* already = "fatal: the Postfix mail system is already running";
    journald_.log("postfix/postfix-script", already);
    connect(1);
    Journald::control("--sync");
    systemd::Journal journal;
    systemd::JournalSlice slice;
    ASSERT_TRUE(tests::eventually([&] {
        slice = journal.read({});
        return !slice.starts.empty();
    }));
    const std::string starts = slice.position.starts;
    journald_.log_as_another_user("postfix/postfix-script", already);
    journald_.log("postfix/master", "daemon started -- version 3.7.11");
    std::string cursor;
    EXPECT_EQ(after(cursor, 4).size(), 4u);
    slice = journal.read({starts, ""});
    EXPECT_EQ(slice.lines.size(), 4u);
    ASSERT_EQ(slice.starts.size(), 1u) << "the first was returned before, another user's never";
    EXPECT_NE(slice.starts[0].find("daemon started"), std::string::npos);
    EXPECT_EQ(slice.position.starts, *slice.position.lines) << "from here on one read has both";
}

}  // namespace
