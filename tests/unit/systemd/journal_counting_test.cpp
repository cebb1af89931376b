// SPDX-License-Identifier: Apache-2.0
// Every line of Postfix, each once, from wherever who reads them stopped. Against a real journald.
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

    /// The texts that come after the cursor, until there are `count` of them or five seconds have
    /// passed; the cursor is moved behind them. Asks as one would whose answers get lost: each
    /// question names the place anew.
    std::vector<std::string> after(systemd::Journal& journal, std::string& cursor,
                                   std::size_t count) {
        Journald::control("--sync");
        std::vector<std::string> texts;
        tests::eventually([&] {
            systemd::JournalSlice slice;
            do {
                slice = journal.read_after(cursor);
                cursor = slice.cursor;
                for (const std::string& line : slice.lines) {
                    texts.push_back(line.substr(line.find(": ") + 2));
                }
            } while (slice.more);
            return texts.size() >= count;
        });
        return texts;
    }
    std::vector<std::string> after(std::string& cursor, std::size_t count) {
        systemd::Journal journal({.entries = 3}, systemd::JournalLines::of_postfix);
        return after(journal, cursor, count);
    }

    Journald journald_;
};

TEST_F(JournalCounting, GivesEveryLineOfPostfixWhoeverLoggedItAndNoOthers) {
    journald_.log("postfix/smtpd", "connect from x");
    journald_.log_as_somebody("postfix-in/submission/smtpd", "connect from y");
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
    systemd::Journal journal({}, systemd::JournalLines::of_postfix);
    EXPECT_THAT(journal.read_after(cursor).lines, IsEmpty());
}

TEST_F(JournalCounting, WhoDidNotHearAnAnswerAsksAgainAndGetsIt) {
    connect(1);
    systemd::Journal journal({}, systemd::JournalLines::of_postfix);
    std::string cursor;
    EXPECT_THAT(after(journal, cursor, 1), ElementsAre("connect 1"));
    const std::string before = cursor;
    connect(2);
    EXPECT_THAT(after(journal, cursor, 1), ElementsAre("connect 2"));
    cursor = before;
    EXPECT_THAT(after(journal, cursor, 1), ElementsAre("connect 2"));
    EXPECT_THAT(after(journal, cursor, 0), IsEmpty());
}

TEST_F(JournalCounting, ThePlaceIsFoundAgainWhenTheJournalIsRotatedAndMovedToTheDisk) {
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

TEST_F(JournalCounting, ACursorThatIsNoneIsAnError) {
    connect(1);
    std::string cursor;
    EXPECT_THAT(after(cursor, 1), ElementsAre("connect 1"));
    systemd::Journal journal({}, systemd::JournalLines::of_postfix);
    const auto slice = journal.read_after("no cursor at all");
    EXPECT_NE(slice.state, systemd::JournalSlice::State::reading);
    EXPECT_THAT(slice.lines, IsEmpty());
}

}  // namespace
