// SPDX-License-Identifier: Apache-2.0
#include "core/checks/reason.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

using core::Check;
using core::Reason;

using Vocabulary = std::map<std::string, std::set<std::string>>;

TEST(Reasons, AreExactlyThoseOfTheContract) {
    const Vocabulary promised{
        {"mount",
         {"missing", "wrong_type", "wrong_source", "read_only", "hung", "io_error", "denied"}},
        {"queue_link", {"missing", "not_a_link", "wrong_target", "dangling", "off_mount"}},
        {"master_pid",
         {"missing", "unreadable", "stale", "not_master", "wrong_queue", "not_locked"}},
        {"startup_log",
         {"already_running", "lock_refused", "start_failed", "unreadable", "source_lost"}},
        {"ownership", {"held_elsewhere", "lost", "lease_expired", "identity_shared"}},
        {"relink", {"pending", "refused", "failed"}}};
    Vocabulary in_the_table;
    for (const core::ReasonInfo& row : core::all_reasons()) {
        const bool is_new = in_the_table[std::string(to_string(row.check))]
                                .insert(std::string(to_string(row.reason)))
                                .second;
        EXPECT_TRUE(is_new) << "twice: " << to_string(row.check) << " " << to_string(row.reason);
    }
    EXPECT_EQ(in_the_table, promised);
}

TEST(Reasons, ChecksAreShownInTheOrderOfTheirEnumerators) {
    ASSERT_EQ(core::all_checks().size(), core::check_count);
    for (std::size_t i = 0; i < core::check_count; ++i) {
        EXPECT_EQ(static_cast<std::size_t>(core::all_checks()[i]), i);
    }
}

TEST(Reasons, EachHasAMeaningAdviceAndCommands) {
    for (const core::ReasonInfo& row : core::all_reasons()) {
        const std::string what =
            std::string(to_string(row.check)) + " " + std::string(to_string(row.reason));
        EXPECT_FALSE(row.meaning.empty()) << what;
        EXPECT_EQ(row.meaning.find('\n'), std::string_view::npos) << what;
        EXPECT_THAT(std::string(row.remedy.advice), testing::MatchesRegex("[A-Z][^\n]*\\."))
            << what;
        EXPECT_LE(row.remedy.advice.size(), 250U) << what << ": too long for one sentence";
        EXPECT_THAT(std::string(row.remedy.advice),
                    testing::Not(testing::ContainsRegex("sudo|findmnt|dmesg|systemctl")))
            << what << ": a command belongs to the commands";
        EXPECT_FALSE(row.remedy.lines().empty()) << what;
    }
}

TEST(Reasons, EachCommandIsALineThatAShellParses) {
    for (const core::ReasonInfo& row : core::all_reasons()) {
        for (const std::string_view command : row.remedy.lines()) {
            const std::string line(command);
            EXPECT_THAT(line, testing::Not(testing::ContainsRegex("\n|[.;,:]$")));
            EXPECT_EQ(std::system(("sh -n -c " + core::shell_quoted(line)).c_str()), 0) << line;
        }
    }
}

TEST(Reasons, RemediesUseNoOtherPlaceholdersThanTheDocumentedOnes) {
    const std::string id = "i-1";
    for (const core::ReasonInfo& row : core::all_reasons()) {
        const core::Remedy remedy = core::filled(row.remedy, core::Settings(), id);
        EXPECT_EQ(remedy.advice.find_first_of("{}"), std::string::npos) << remedy.advice;
        for (const std::string& command : remedy.commands) {
            EXPECT_EQ(command.find_first_of("{}"), std::string::npos) << command;
        }
    }
}

TEST(Reasons, FaultsThatARestartOrAnOutageCausesAreDoubtful) {
    for (const auto& [check, reason] :
         std::vector<std::pair<Check, Reason>>{{Check::mount, Reason::hung},
                                               {Check::mount, Reason::io_error},
                                               {Check::master_pid, Reason::missing},
                                               {Check::master_pid, Reason::stale},
                                               {Check::master_pid, Reason::not_master},
                                               {Check::master_pid, Reason::not_locked},
                                               {Check::ownership, Reason::lease_expired},
                                               {Check::startup_log, Reason::already_running}}) {
        EXPECT_EQ(core::reason_info(check, reason).certainty, core::Certainty::doubtful)
            << to_string(check) << " " << to_string(reason);
    }
}

TEST(Reasons, FaultsThatTheKernelProvesAreDefinitive) {
    for (const auto& [check, reason] :
         std::vector<std::pair<Check, Reason>>{{Check::mount, Reason::missing},
                                               {Check::mount, Reason::wrong_type},
                                               {Check::queue_link, Reason::wrong_target},
                                               {Check::queue_link, Reason::not_a_link},
                                               {Check::master_pid, Reason::wrong_queue},
                                               {Check::ownership, Reason::held_elsewhere},
                                               {Check::ownership, Reason::lost},
                                               {Check::ownership, Reason::identity_shared}}) {
        EXPECT_EQ(core::reason_info(check, reason).certainty, core::Certainty::definitive)
            << to_string(check) << " " << to_string(reason);
    }
}

}  // namespace
