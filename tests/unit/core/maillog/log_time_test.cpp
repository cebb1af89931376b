// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/log_time.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using core::WallTime;
using namespace std::chrono_literals;
namespace chrono = std::chrono;

WallTime utc(int year, unsigned month, unsigned day, chrono::milliseconds time = 0ms) {
    return chrono::sys_days(chrono::year(year) / chrono::month(month) / chrono::day(day)) + time;
}

// Local time that is `ahead` of UTC all year round.
core::LocalTime zone(chrono::hours ahead) {
    return [ahead](const std::tm& t) {
        return utc(t.tm_year + 1900, static_cast<unsigned>(t.tm_mon + 1),
                   static_cast<unsigned>(t.tm_mday)) +
               chrono::hours(t.tm_hour) + chrono::minutes(t.tm_min) + chrono::seconds(t.tm_sec) -
               ahead;
    };
}

const WallTime now = utc(2026, 11, 22, 10h + 30min);

std::optional<WallTime> time_of(std::string_view line, WallTime at = now,
                                chrono::hours ahead = 0h) {
    return core::take_log_time(line, at, zone(ahead));
}

TEST(LogTime, Rfc3339WithAFractionIsReadToTheMillisecond) {
    EXPECT_EQ(time_of("2026-11-22T10:15:03.543207+00:00 vma x"),
              utc(2026, 11, 22, 10h + 15min + 3s + 543ms));
    EXPECT_EQ(time_of("2026-11-22T10:15:03.5Z vma x"), utc(2026, 11, 22, 10h + 15min + 3s + 500ms));
    EXPECT_EQ(time_of("2026-11-22T10:15:03Z vma x"), utc(2026, 11, 22, 10h + 15min + 3s));
}

TEST(LogTime, Rfc3339OffsetsAreTakenOff) {
    EXPECT_EQ(time_of("2026-11-22T10:15:03+02:00 vma x"), utc(2026, 11, 22, 8h + 15min + 3s));
    EXPECT_EQ(time_of("2026-11-22T20:15:03-05:30 vma x"), utc(2026, 11, 23, 1h + 45min + 3s));
}

TEST(LogTime, TheRestOfTheLineIsLeft) {
    std::string_view line = "2026-11-22T10:15:03.543207+00:00 vma postfix";
    EXPECT_TRUE(core::take_log_time(line, now, zone(0h)));
    EXPECT_EQ(line, "vma postfix");
    line = "Nov  2 10:15:03 vma postfix";
    EXPECT_TRUE(core::take_log_time(line, now, zone(0h)));
    EXPECT_EQ(line, "vma postfix");
}

TEST(LogTime, WhatIsNoTimeIsLeftAlone) {
    for (const char* text :
         {"", "x", "2026-11-22", "2026-13-22T10:15:03Z x", "2026-02-30T10:15:03Z x",
          "2026-11-22T24:15:03Z x", "2026-11-22T10:60:03Z x", "2026-11-22T10:15:03 x",
          "2026-11-22T10:15:03+0000 x", "2026-11-22T10:15:03Zx", "2026-11-22 10:15:03Z x", "Nov 22",
          "Nov 22 10:15:0", "Nov 22 25:15:03 x", "Nov 00 10:15:03 x", "Nov 31 10:15:03 x",
          "Foo 22 10:15:03 x", "Nov22 10:15:03 x"}) {
        std::string_view line = text;
        EXPECT_FALSE(core::take_log_time(line, now, zone(0h))) << text;
        EXPECT_EQ(line, text);
    }
}

TEST(LogTime, ATraditionalStampIsLocalTimeOfThisYear) {
    EXPECT_EQ(time_of("Nov 22 10:19:24 vma x"), utc(2026, 11, 22, 10h + 19min + 24s));
    EXPECT_EQ(time_of("Nov  2 10:19:24 vma x"), utc(2026, 11, 2, 10h + 19min + 24s));
    EXPECT_EQ(time_of("Nov 22 19:19:24 vma x", now, 9h), utc(2026, 11, 22, 10h + 19min + 24s));
}

TEST(LogTime, AStampOfLaterInTheYearIsOfLastYear) {
    EXPECT_EQ(time_of("Dec 31 23:59:59 vma x"), utc(2025, 12, 31, 23h + 59min + 59s));
    EXPECT_EQ(time_of("Dec 31 23:59:59 vma x", utc(2027, 1, 1, 5s)),
              utc(2026, 12, 31, 23h + 59min + 59s));
}

TEST(LogTime, AStampUpToADayAheadIsStillOfThisYear) {
    EXPECT_EQ(time_of("Nov 23 10:30:00 vma x"), utc(2026, 11, 23, 10h + 30min));
    EXPECT_EQ(time_of("Nov 23 10:30:01 vma x"), utc(2025, 11, 23, 10h + 30min + 1s));
}

TEST(LogTime, NewYearsDayMayBeginInLocalTimeBeforeItDoesInUtc) {
    const WallTime new_years_eve = utc(2026, 12, 31, 16h);
    EXPECT_EQ(time_of("Jan  1 01:00:00 vma x", new_years_eve, 9h), utc(2026, 12, 31, 16h));
    const WallTime new_years_day = utc(2027, 1, 1, 2h);
    EXPECT_EQ(time_of("Dec 31 21:00:00 vma x", new_years_day, -5h), utc(2027, 1, 1, 2h));
}

TEST(LogTime, TheTwentyNinthOfFebruaryIsOfTheLatestLeapYear) {
    EXPECT_EQ(time_of("Feb 29 01:02:03 vma x"), utc(2024, 2, 29, 1h + 2min + 3s));
    EXPECT_EQ(time_of("Feb 29 01:02:03 vma x", utc(2103, 1, 1)), utc(2096, 2, 29, 1h + 2min + 3s));
}

}  // namespace
