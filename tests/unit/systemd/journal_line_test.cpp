// SPDX-License-Identifier: Apache-2.0
#include "systemd/journal_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using systemd::journal_line;
using systemd::JournalEntry;
using namespace std::chrono_literals;

// 2026-11-22T10:15:04Z, an hour after the boot.
constexpr auto wall = 1'795'342'504s;
const systemd::Clocks now{wall, 3600s, 3600s};

JournalEntry entry() {
    return {.realtime = wall - 60s + 126'064us,
            .monotonic = 3540s,
            .host = "mx",
            .identifier = "postfix/master",
            .pid = "1051",
            .message = "terminating on signal 15"};
}

TEST(JournalLine, IsALineOfALogFile) {
    EXPECT_EQ(journal_line(entry(), now),
              "2026-11-22T10:14:04.126064Z mx postfix/master[1051]: terminating on signal 15");
}

TEST(JournalLine, HasADashForAnAbsentField) {
    JournalEntry bare = entry();
    bare.host = "";
    bare.identifier = "with a space";
    bare.pid = {};
    EXPECT_EQ(journal_line(bare, now), "2026-11-22T10:14:04.126064Z - -: terminating on signal 15");
}

TEST(JournalLine, IsOneBoundedLineOfPrintableText) {
    JournalEntry odd = entry();
    odd.message = "one\ntwo\xff";
    EXPECT_THAT(journal_line(odd, now), testing::EndsWith("one?two?"));
    const std::string much(100'000, 'x');
    odd.message = much;
    EXPECT_EQ(journal_line(odd, now).size(), systemd::max_journal_line + 3);
}

TEST(JournalLine, IsDatedByTheMonotonicClockAfterAClockStep) {
    JournalEntry before_the_clock_was_set = entry();
    before_the_clock_was_set.realtime = 1'000s;
    EXPECT_EQ(wall_time_of(before_the_clock_was_set, now), wall - 60s);
    JournalEntry from_the_future = entry();
    from_the_future.realtime = wall + 1us;
    EXPECT_EQ(wall_time_of(from_the_future, now), wall - 60s);
}

}  // namespace
