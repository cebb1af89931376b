// SPDX-License-Identifier: Apache-2.0
#include "core/base/remedy.hpp"

#include <gtest/gtest.h>

namespace {

TEST(ShellQuoted, LeavesASafeWordUnchanged) {
    EXPECT_EQ(core::shell_quoted("/Mail/i-0123456789abcdef0"), "/Mail/i-0123456789abcdef0");
}

TEST(ShellQuoted, QuotesBlanksAndEverythingThatAShellReads) {
    EXPECT_EQ(core::shell_quoted("/mail queue"), "'/mail queue'");
    EXPECT_EQ(core::shell_quoted("$(reboot)"), "'$(reboot)'");
    EXPECT_EQ(core::shell_quoted("it's"), "'it'\\''s'");
    EXPECT_EQ(core::shell_quoted(""), "''");
}

}  // namespace
