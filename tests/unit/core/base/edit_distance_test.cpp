// SPDX-License-Identifier: Apache-2.0
#include "core/base/edit_distance.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace core {
namespace {

TEST(EditDistance, CountsInsertedDroppedAndReplacedBytes) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("abc", ""), 3U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
    EXPECT_EQ(edit_distance("flaw", "lawn"), 2U);
}

TEST(Nearest, ReturnsTheWordWithTheFewestTypingErrors) {
    const std::vector<std::string> known{"serve", "status", "check"};
    EXPECT_EQ(nearest("stauts", known), "status");
    EXPECT_EQ(nearest("chek", known), "check");
}

TEST(Nearest, ReturnsNothingForAWordUnlikeAll) {
    const std::vector<std::string> known{"serve", "gate"};
    EXPECT_EQ(nearest("frobnicate", known), "");
    EXPECT_EQ(nearest("", known), "");
}

}  // namespace
}  // namespace core
