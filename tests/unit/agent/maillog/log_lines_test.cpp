// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/log_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using agent::LogLines;
using core::WallTime;
using testing::ElementsAre;
using testing::IsEmpty;
using Part = LogLines::Part;
using namespace std::chrono_literals;

const WallTime day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22);
const WallTime boot_began = day + 10h;
const WallTime now = day + 12h;

std::string line(const std::string& time, const std::string& text) {
    return "2026-11-22T" + time + "+00:00 vma " + text;
}

class LogLinesTest : public testing::Test {
   protected:
    void begin_counting() {
        lines_.begin_counting([this](std::string_view text) { counted_.emplace_back(text); });
    }
    void feed(const std::string& text, Part part = Part::to_count) {
        lines_.feed(text, part, boot_began, now);
    }

    LogLines lines_{[](const std::tm&) { return WallTime{}; }};
    std::vector<std::string> counted_;
};

TEST_F(LogLinesTest, ALineThatWasCountedReachesOnlyTheHistory) {
    begin_counting();
    feed(line("10:15:05", "postfix/master[1]: daemon started -- version 3.7.11\n"),
         Part::counted_before);
    EXPECT_THAT(counted_, IsEmpty());
    EXPECT_EQ(lines_.history().counts().daemon_started, 1U);
}

TEST_F(LogLinesTest, OnlyCountedLinesAreReportedAsCut) {
    const std::string too_long(core::LineSplitter::max_line + 1, 'x');
    feed(too_long + "\n");
    EXPECT_EQ(lines_.lines_cut(), 0U);
    begin_counting();
    feed("short\n" + too_long + "\n");
    EXPECT_EQ(lines_.lines_cut(), 1U);
}

TEST_F(LogLinesTest, AfterATimeOnlyLaterLinesAreCounted) {
    begin_counting();
    lines_.count_after(day + 10h + 15min, now);
    const std::string later = line("10:15:01", "b");
    feed(line("10:15:00", "a") + "\n");
    EXPECT_TRUE(lines_.awaits_later_line());
    feed(later + "\nc\n");
    EXPECT_FALSE(lines_.awaits_later_line());
    EXPECT_THAT(counted_, ElementsAre(later, "c"));
}

TEST_F(LogLinesTest, TheLastStampIsOfTheLastWholeLine) {
    feed(line("10:15:00", std::string(100, 'x')) + "\n" + line("10:16:00", "unfinished"));
    EXPECT_EQ(lines_.last_stamp(now), day + 10h + 15min);
    lines_.finish(Part::to_count, boot_began, now);
    EXPECT_EQ(lines_.last_stamp(now), day + 10h + 16min);
    feed("no stamp\n");
    EXPECT_FALSE(lines_.last_stamp(now));
}

}  // namespace
