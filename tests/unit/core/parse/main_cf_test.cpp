// SPDX-License-Identifier: Apache-2.0
#include "core/parse/main_cf.hpp"

#include <gtest/gtest.h>

namespace {

using core::main_cf_value;

TEST(MainCf, BlanksAroundNameAndValueDoNotCount) {
    EXPECT_EQ(main_cf_value("maillog_file = /var/log/postfix.log\n", "maillog_file"),
              "/var/log/postfix.log");
    EXPECT_EQ(main_cf_value("maillog_file=/a", "maillog_file"), "/a");
    EXPECT_EQ(main_cf_value("maillog_file\t =\t/a \t\r\n", "maillog_file"), "/a");
}

TEST(MainCf, TheLastEntryWins) {
    EXPECT_EQ(main_cf_value("x = first\ny = other\nx = last\n", "x"), "last");
    EXPECT_EQ(main_cf_value("x = $y\nx = last\n", "x"), "last");
    EXPECT_EQ(main_cf_value("x = first\nx = $y\n", "x"), std::nullopt);
}

TEST(MainCf, ALineThatBeginsWithABlankContinuesTheOneBefore) {
    EXPECT_EQ(main_cf_value("x = a,\n  b,\n\tc\ny = d\n", "x"), "a,  b,\tc");
    EXPECT_EQ(main_cf_value("x =\n  /var/log/postfix.log\n", "x"), "/var/log/postfix.log");
    EXPECT_EQ(main_cf_value("y = 1\n x = 2\n", "x"), std::nullopt);
    EXPECT_EQ(main_cf_value(" x = 2\n", "x"), std::nullopt) << "there is nothing to continue";
}

TEST(MainCf, CommentsAndEmptyLinesDoNotEndAnEntry) {
    EXPECT_EQ(main_cf_value("x = a,\n# of a\n\n   # also one\n \t\n b\n", "x"), "a, b");
    EXPECT_EQ(main_cf_value("#x = a\n", "x"), std::nullopt);
    EXPECT_EQ(main_cf_value("x = a # b\n", "x"), "a # b") << "a comment is a line of its own";
}

TEST(MainCf, OnlyTheWholeNameIsTheName) {
    EXPECT_EQ(main_cf_value("maillog_file_prefixes = /var\nmy_maillog_file = /a\n", "maillog_file"),
              std::nullopt);
    EXPECT_EQ(main_cf_value("maillog_file\n", "maillog_file"), std::nullopt);
    EXPECT_EQ(main_cf_value("", "maillog_file"), std::nullopt);
}

TEST(MainCf, AnEmptyValueIsAValue) {
    EXPECT_EQ(main_cf_value("maillog_file =\n", "maillog_file"), "");
    EXPECT_EQ(main_cf_value("maillog_file = /a\nmaillog_file = \n", "maillog_file"), "");
}

TEST(MainCf, AnEqualsSignMayStandInTheValue) {
    EXPECT_EQ(main_cf_value("x = a=b\n", "x"), "a=b");
}

TEST(MainCf, AValueThatRefersToAnotherIsNotKnown) {
    EXPECT_EQ(main_cf_value("x = ${y}/log\n", "x"), std::nullopt);
    EXPECT_EQ(main_cf_value("x = /var\n  $y\n", "x"), std::nullopt);
}

}  // namespace
