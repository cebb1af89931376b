// SPDX-License-Identifier: Apache-2.0
#include "core/base/duration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <random>
#include <string>

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(Duration, EveryUnitIsRead) {
    EXPECT_EQ(core::parse_duration("250ms").value(), 250ms);
    EXPECT_EQ(core::parse_duration("2s").value(), 2s);
    EXPECT_EQ(core::parse_duration("5m").value(), 5min);
    EXPECT_EQ(core::parse_duration("1h").value(), 1h);
    EXPECT_EQ(core::parse_duration("1d").value(), 24h);
    EXPECT_EQ(core::parse_duration("0s").value(), 0ms);
}

TEST(Duration, WhatIsNotAWholeNumberAndAUnitIsRefused) {
    for (const char* text : {"", "s", "5", "1.5s", "5 s", " 5s", "5s ", "+5s", "0x5s", "5S", "5min",
                             "5ms5", "1h30m", "5us", "s5"}) {
        const auto parsed = core::parse_duration(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, core::Errc::malformed) << text;
        EXPECT_THAT(parsed.error().message,
                    HasSubstr("a whole number and a unit, one of ms, s, m, h, d"))
            << text;
    }
}

TEST(Duration, TheRefusalNamesTheTextAndTheFault) {
    EXPECT_THAT(core::parse_duration("5").error().message, HasSubstr("\"5\" has no unit"));
    EXPECT_THAT(core::parse_duration("-5s").error().message, HasSubstr("\"-5s\" is negative"));
    EXPECT_THAT(core::parse_duration("106751991168d").error().message, HasSubstr("is too long"));
}

TEST(Duration, TheLongestDurationIsReadAndOneMoreIsRefused) {
    EXPECT_EQ(core::parse_duration("9223372036854775807ms").value(), core::Duration::max());
    EXPECT_FALSE(core::parse_duration("9223372036854775808ms"));
    EXPECT_TRUE(core::parse_duration("9223372036854775s"));
    EXPECT_FALSE(core::parse_duration("9223372036854776s"));
    EXPECT_FALSE(core::parse_duration(std::string(1000, '9') + "s"));
}

TEST(Duration, TheLargestUnitThatIsExactIsWritten) {
    EXPECT_EQ(core::format_duration(0ms), "0s");
    EXPECT_EQ(core::format_duration(250ms), "250ms");
    EXPECT_EQ(core::format_duration(1500ms), "1500ms");
    EXPECT_EQ(core::format_duration(90s), "90s");
    EXPECT_EQ(core::format_duration(300000ms), "5m");
    EXPECT_EQ(core::format_duration(60min), "1h");
    EXPECT_EQ(core::format_duration(48h), "2d");
}

TEST(Duration, WhatIsWrittenIsReadBack) {
    std::mt19937_64 random(1);  // NOLINT: the same numbers in every run
    for (int i = 0; i < 5000; ++i) {
        const std::uint64_t bits = random() >> (1 + random() % 60);
        const core::Duration duration{static_cast<core::Duration::rep>(bits)};
        EXPECT_EQ(core::parse_duration(core::format_duration(duration)).value(), duration);
    }
}
