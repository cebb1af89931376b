// SPDX-License-Identifier: Apache-2.0
#include "core/base/timestamp.hpp"

#include <gtest/gtest.h>

#include "unit/core/time_points.hpp"

namespace {

using namespace std::chrono_literals;

TEST(Timestamp, IsUtcWithMillisecondsAndTwoDigitsEverywhere) {
    EXPECT_EQ(core::rfc3339(core::WallTime{}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(core::rfc3339(test::moment(1h + 2min + 3s + 4ms).wall), "2026-11-22T11:02:03.004Z");
    EXPECT_EQ(core::rfc3339(core::WallTime(-1ms)), "1969-12-31T23:59:59.999Z");
}

TEST(Age, UsesTheUnitThatAPersonWould) {
    EXPECT_EQ(core::describe_age(-5s), "0 s");
    EXPECT_EQ(core::describe_age(1999ms), "1 s");
    EXPECT_EQ(core::describe_age(119s), "119 s");
    EXPECT_EQ(core::describe_age(2min), "2 min");
    EXPECT_EQ(core::describe_age(119min), "119 min");
    EXPECT_EQ(core::describe_age(2h), "2 h");
    EXPECT_EQ(core::describe_age(std::chrono::hours(47)), "47 h");
    EXPECT_EQ(core::describe_age(std::chrono::hours(48)), "2 d");
    EXPECT_EQ(core::describe_age(core::BootTime::max()), "106751991167 d");
}

}  // namespace
