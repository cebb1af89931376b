// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/timestamp_filter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using core::WallTime;
using namespace std::chrono_literals;

const WallTime noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + 12h;

class TimestampFilter : public testing::Test {
   protected:
    bool passes(const std::string& time) {
        return barrier_.passes("2026-11-22T" + time + "Z mx1 postfix/smtpd[1]: x", noon + 1h,
                               [](const std::tm&) { return WallTime{}; });
    }
    core::TimestampFilter barrier_;
};

TEST_F(TimestampFilter, EverythingPassesWhereNoneIsSet) {
    EXPECT_TRUE(passes("00:00:01"));
    EXPECT_TRUE(barrier_.passes("no stamp", noon, {}));
}

TEST_F(TimestampFilter, WhatIsLaterPassesAndAllBehindIt) {
    barrier_.set(noon, noon + 1h);
    EXPECT_FALSE(passes("11:59:59"));
    EXPECT_FALSE(passes("12:00:00"));
    EXPECT_TRUE(barrier_.is_closed());
    EXPECT_FALSE(barrier_.passes("no stamp", noon, {}));
    EXPECT_TRUE(passes("12:00:00.001"));
    EXPECT_FALSE(barrier_.is_closed());
    EXPECT_TRUE(passes("11:59:59"));
}

TEST_F(TimestampFilter, ATimeThatLiesInTheFutureIsTakenForNow) {
    barrier_.set(noon + 48h, noon);
    EXPECT_FALSE(passes("12:00:00"));
    EXPECT_TRUE(passes("12:00:01"));
}

TEST_F(TimestampFilter, TakenAwayItStopsNothing) {
    barrier_.set(noon, noon);
    barrier_.reset();
    EXPECT_TRUE(passes("11:00:00"));
}

}  // namespace
