// SPDX-License-Identifier: Apache-2.0
#include "agent/doctor/report.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using core::DoctorFinding;
using core::DoctorStatus;

const std::vector<DoctorFinding> findings{
    {"postfix_gate", DoctorStatus::fail, "not gated", {"Do this.", {"sudo a", "sudo b 'c d'"}}},
    {"running",
     DoctorStatus::unknown,
     "denied",
     {"Run doctor as root.", {"sudo postfix-elb-agent doctor"}}},
    {"port",
     DoctorStatus::unknown,
     "denied",
     {"Run doctor as root.", {"sudo postfix-elb-agent doctor"}}},
    {"clock", DoctorStatus::pass, "synchronised", {}},
};

TEST(DoctorReport, TheTableListsFindingsAndThenRemedies) {
    EXPECT_EQ(agent::doctor_table(findings, "mx1"),
              "mx1: fail (1 fail, 2 unknown, 1 pass)\n"
              "\n"
              "CHECK         STATUS   SEEN\n"
              "postfix_gate  fail     not gated\n"
              "running       unknown  denied\n"
              "port          unknown  denied\n"
              "clock         pass     synchronised\n"
              "\n"
              "What to do:\n"
              "  postfix_gate: Do this.\n"
              "    sudo a\n"
              "    sudo b 'c d'\n"
              "  running, port: Run doctor as root.\n"
              "    sudo postfix-elb-agent doctor\n"
              "See man 8 postfix-elb-agent, man 7 postfix-elb-agent-reasons.\n");
}

TEST(DoctorReport, WithoutAFaultThereAreNoRemedies) {
    EXPECT_EQ(agent::doctor_table({findings[3]}, "mx1"),
              "mx1: pass (1 pass)\n\nCHECK  STATUS   SEEN\nclock  pass     synchronised\n");
}

TEST(DoctorReport, ControlBytesDoNotReachTheTerminal) {
    const std::string table = agent::doctor_table(
        {{"port", DoctorStatus::fail, "a\x1b[31m\n", {"b\r", {"c\x1b"}}}}, "m\x1bx");
    EXPECT_EQ(table.find('\x1b'), std::string::npos);
    EXPECT_EQ(table.find('\r'), std::string::npos);
}

TEST(DoctorReport, TheJsonHasFiveMembersForEach) {
    const auto array = nlohmann::json::parse(agent::doctor_json(findings));
    ASSERT_EQ(array.size(), 4U);
    EXPECT_EQ(array[0], (nlohmann::json{{"check", "postfix_gate"},
                                        {"status", "fail"},
                                        {"output", "not gated"},
                                        {"remedy", "Do this."},
                                        {"commands", {"sudo a", "sudo b 'c d'"}}}));
    EXPECT_EQ(array[3]["remedy"], "");
    EXPECT_EQ(agent::doctor_json({}), "[]\n");
    EXPECT_TRUE(
        nlohmann::json::accept(agent::doctor_json({{"port", DoctorStatus::fail, "\xff\xfe", {}}})))
        << "any bytes";
}

}  // namespace
