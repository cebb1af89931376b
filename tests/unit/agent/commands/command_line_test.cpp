// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/command_line.hpp"

#include "agent/commands/help_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

namespace agent {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

/// The first word of each indented line of one section of a help text.
std::vector<std::string> listed(const std::string& help, const std::string& section) {
    std::vector<std::string> words;
    const auto begin = help.find("\n" + section + ":\n");
    if (begin == std::string::npos) {
        return words;
    }
    const std::string lines = help.substr(begin, help.find("\n\n", begin + 1) - begin);
    const std::regex word("\n  (?:-h, )?([a-z-]+)");
    for (std::sregex_iterator at(lines.begin(), lines.end(), word), end; at != end; ++at) {
        words.push_back((*at)[1]);
    }
    return words;
}

void expect_help_lists_what_is_accepted(const std::string& topic) {
    SCOPED_TRACE(topic);
    const std::string help = help_text(topic);
    AcceptedWords accepted = accepted_words(topic);
    if (!topic.empty()) {
        std::erase(accepted.options, "--help");
    }
    EXPECT_THAT(listed(help, "Commands"), UnorderedElementsAreArray(accepted.commands));
    EXPECT_THAT(listed(help, "Options"), UnorderedElementsAreArray(accepted.options));
}

struct UsageError {
    int exit_status = 0;
    std::string text;
};

UsageError usage_error_of(std::vector<std::string> words) {
    words.insert(words.begin(), "postfix-elb-agent");
    std::vector<char*> arguments;
    for (std::string& word : words) {
        arguments.push_back(word.data());
    }
    ::testing::internal::CaptureStderr();
    const ParsedCommandLine parsed =
        parse_command_line(static_cast<int>(arguments.size()), arguments.data());
    return {parsed.exit_status, ::testing::internal::GetCapturedStderr()};
}

TEST(CommandLine, ConfigWithoutACommandIsAUsageErrorThatNamesItsCommands) {
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"config"}, {"config", "--set", "user=mail"}}) {
        const UsageError error = usage_error_of(words);
        EXPECT_EQ(error.exit_status, 64);
        EXPECT_EQ(error.text,
                  "postfix-elb-agent: 'config' needs a command: check or print\n"
                  "postfix-elb-agent: for help, run: postfix-elb-agent help config\n");
    }
}

TEST(CommandLine, AMissingValueAfterConfigIsReportedAsThat) {
    const UsageError error = usage_error_of({"config", "--set"});
    EXPECT_EQ(error.exit_status, 64);
    EXPECT_THAT(error.text, HasSubstr("--set"));
}

TEST(HelpText, ListsEachAcceptedCommandAndOption) {
    expect_help_lists_what_is_accepted("");
    for (const std::string& command : accepted_words("").commands) {
        if (command != "help") {
            expect_help_lists_what_is_accepted(command);
        }
    }
    EXPECT_EQ(help_text("config check"), help_text("config"));
}

TEST(HelpText, IsEmptyForAnUnknownTopic) {
    EXPECT_THAT(help_text("frobnicate"), IsEmpty());
}

}  // namespace
}  // namespace agent
