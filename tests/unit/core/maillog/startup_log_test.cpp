// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/startup_log.hpp"

#include <gtest/gtest.h>

#include "unit/core/time_points.hpp"

namespace {

using namespace std::chrono_literals;
using Source = core::StartupLogFacts::Source;

core::WallTime at(std::chrono::milliseconds since) {
    return test::moment(since).wall;
}

core::StartFailure failure(std::chrono::milliseconds since, bool beside_a_master = false) {
    return {core::StartFailure::Kind::already_running, at(since), "the line", beside_a_master};
}

core::StartupLogFacts log(Source source, const char* path) {
    core::StartupLogFacts facts;
    facts.source = source;
    facts.path = path;
    return facts;
}

class MergedLogs : public ::testing::Test {
   protected:
    core::StartupLogFacts file = log(Source::reading, "/var/log/mail.log");
    core::StartupLogFacts journal = log(Source::reading, "the journal");
    [[nodiscard]] core::StartupLogFacts merged() const { return core::merge(file, journal); }
};

TEST_F(MergedLogs, AFailureInBothCounts) {
    file.last_failure = failure(5s);
    journal.last_failure = failure(5432ms);
    EXPECT_TRUE(core::is_uncured(merged()));
}

TEST_F(MergedLogs, AFailureInOneCounts) {
    for (core::StartupLogFacts* teller : {&file, &journal}) {
        file.last_failure.reset();
        journal.last_failure.reset();
        teller->last_failure = failure(5s);
        EXPECT_TRUE(core::is_uncured(merged())) << teller->path;
        EXPECT_EQ(merged().path, teller->path);
    }
}

TEST_F(MergedLogs, AStartInTheOtherIsACure) {
    file.last_failure = failure(5s);
    journal.last_started = at(6s);
    EXPECT_FALSE(core::is_uncured(merged()));
}

TEST_F(MergedLogs, AnEarlierStartIsNoCure) {
    file.last_failure = failure(5s);
    journal.last_started = at(4s);
    EXPECT_TRUE(core::is_uncured(merged()));
}

// Started at 5.2 s, refused once more at 5.9 s: whole seconds show the refusal first.
TEST_F(MergedLogs, AHarmlessFailureInOneIsHarmlessInBoth) {
    journal.last_started = at(5200ms);
    journal.last_failure = failure(5900ms, true);
    file.last_failure = failure(5s);
    EXPECT_FALSE(core::is_uncured(merged()));
}

TEST_F(MergedLogs, WhatIsCuredInBothStaysCured) {
    file.last_failure = failure(5s);
    file.last_started = at(5001ms);  // the same second: a millisecond says the order
    journal.last_failure = failure(5900ms);
    journal.last_started = at(5950ms);
    EXPECT_FALSE(core::is_uncured(merged()));
}

TEST_F(MergedLogs, TheExistingOneCountsForBoth) {
    file = log(Source::missing, "/var/log/mail.log or /var/log/maillog");
    EXPECT_EQ(merged().source, Source::reading);
    EXPECT_EQ(merged().path, "the journal");
    file = log(Source::reading, "/var/log/mail.log");
    journal.source = Source::missing;
    EXPECT_EQ(merged().source, Source::reading);
    EXPECT_EQ(merged().path, "/var/log/mail.log");
}

TEST_F(MergedLogs, NeitherIsMissing) {
    file.source = Source::missing;
    journal.source = Source::missing;
    EXPECT_EQ(merged().source, Source::missing);
    EXPECT_EQ(merged().path, "/var/log/mail.log");
}

TEST_F(MergedLogs, AReaderThatStoppedIsNotHiddenByTheOther) {
    journal.source = Source::lost;
    journal.error = "gone";
    file.last_failure = failure(5s);
    EXPECT_EQ(merged().source, Source::lost);
    EXPECT_EQ(merged().path, "the journal");
    EXPECT_EQ(merged().error, "gone");
    EXPECT_TRUE(core::is_uncured(merged())) << "and the line of the other counts";
}

TEST_F(MergedLogs, BothArePendingWhileOneIsRead) {
    journal.source = Source::catching_up;
    EXPECT_EQ(merged().source, Source::catching_up);
}

}  // namespace
