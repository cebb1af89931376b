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

TEST(Remedy, PlaceholdersAreQuotedInCommandsOnly) {
    const std::array<core::Placeholder, 1> values{{{"{mount}", "/my mail"}}};
    const core::Remedy remedy = core::filled({"Mount {mount}.", {"mount {mount}/{x}"}}, values);
    EXPECT_EQ(remedy.advice, "Mount /my mail.");
    EXPECT_EQ(remedy.commands, std::vector<std::string>{"mount '/my mail'/{x}"});
}

TEST(Remedy, OneLineHoldsTheAdviceAndTheFirstCommand) {
    EXPECT_EQ(core::one_line({"Wait.", {}}), "Wait.");
    EXPECT_EQ(core::one_line({"Wait.", {"a", "b"}}), "Wait. First: a");
}

}  // namespace
