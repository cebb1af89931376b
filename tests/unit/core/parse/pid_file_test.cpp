// SPDX-License-Identifier: Apache-2.0
#include "core/parse/pid_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

std::string as_master_writes(unsigned long pid) {
    char text[64];
    std::snprintf(text, sizeof text, "%*lu\n", 32, pid);
    return text;
}

TEST(PidFile, WhatMasterWritesIsRead) {
    EXPECT_EQ(as_master_writes(771).size(), 33U);
    EXPECT_EQ(core::parse_pid_file(as_master_writes(771)).value(), 771);
    EXPECT_EQ(core::parse_pid_file(as_master_writes(2147483647)).value(), 2147483647);
}

TEST(PidFile, OnlyTheFirstLineCounts) {
    EXPECT_EQ(core::parse_pid_file(as_master_writes(771) + "garbage\n").value(), 771);
    EXPECT_FALSE(core::parse_pid_file("\n" + as_master_writes(771)));
}

TEST(PidFile, BlanksAroundThePidAndAMissingNewlineAreNoHarm) {
    EXPECT_EQ(core::parse_pid_file("42").value(), 42);
    EXPECT_EQ(core::parse_pid_file(" \t 42 \n").value(), 42);
}

TEST(PidFile, NumbersThatAreNoPidAreMalformed) {
    for (const char* text :
         {"0", "-1", "+1", "2147483648", "99999999999999999999", "1.5", "0x10", "12 13", "1e3"}) {
        const auto pid = core::parse_pid_file(text);
        ASSERT_FALSE(pid) << text;
        EXPECT_EQ(pid.error().code, core::Errc::malformed);
        EXPECT_EQ(pid.error().message, text);
    }
}

TEST(PidFile, NothingButBlanksIsMalformedAndHasNoExcerpt) {
    for (const char* text : {"", "\n", "                                \n"}) {
        const auto pid = core::parse_pid_file(text);
        ASSERT_FALSE(pid);
        EXPECT_EQ(pid.error().message, "");
    }
}

TEST(PidFile, TheExcerptIsPrintableAndBounded) {
    const auto pid = core::parse_pid_file(std::string("\x1b[2J\0\xff", 6) + std::string(1000, 'x'));
    ASSERT_FALSE(pid);
    EXPECT_THAT(pid.error().message, testing::StartsWith("?[2J??xxx"));
    EXPECT_THAT(pid.error().message, testing::EndsWith("x..."));
    EXPECT_LT(pid.error().message.size(), 64U);
}

}  // namespace
