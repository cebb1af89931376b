// SPDX-License-Identifier: Apache-2.0
#include "agent/report/health_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "unit/core/healthy_world.hpp"

namespace {

using core::Status;
using test::World;
using testing::HasSubstr;

core::Verdict verdict_of(const World& world) {
    core::Health health;
    return health.evaluate(world.facts, world.settings, world.now);
}

World without_mount() {
    World world;
    world.host().mount.reset();
    return world;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::string without_colour(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b') {
            i = text.find('m', i);
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string in_one_line(const std::string& text) {
    std::istringstream in(text);
    std::string out;
    for (std::string word; in >> word;) {
        out += word + " ";
    }
    return out;
}

TEST(HealthTable, IsAlignedAndEndsWithWhatToDo) {
    const std::string table = agent::render_table(agent::report_of(verdict_of(without_mount())));
    EXPECT_THAT(table, testing::StartsWith(
                           "i-0123456789abcdef0: fail (awaiting_postfix), mount missing\n"
                           "\n"
                           "CHECK        STATUS  REASON    AGE    SEEN\n"
                           "mount        fail    missing   0 s    nothing is mounted at /Mail\n"
                           "queue_link   fail    dangling  0 s    /var/spool/postfix points to "
                           "/Mail/i-0123456789abcdef0, and "
                           "nothing is mounted at /Mail\n"
                           "master_pid   pass    -         0 s    pid 771\n"));
    EXPECT_THAT(table, HasSubstr("\nWhat to do:\n  mount missing: Mount the shared file system; "));
    EXPECT_THAT(table, HasSubstr("\n      sudo mount /Mail\n      grep -F /Mail /etc/fstab\n"));
    EXPECT_THAT(agent::render_table(agent::report_of(verdict_of(World()))),
                testing::Not(testing::AnyOf(HasSubstr("What to do"), HasSubstr("See man"))));
}

TEST(HealthTable, WhatToDoBeginsWithTheCause) {
    World world;
    world.stop_postfix();
    world.host().link.target = test::other_queue;
    world.relink().state = core::RelinkProgress::State::refused;
    world.relink().remedy = {"The remedy of the cause.", {"sudo mend it"}};
    const std::string table = agent::render_table(agent::report_of(verdict_of(world)));
    EXPECT_THAT(table,
                testing::StartsWith("i-0123456789abcdef0: fail (relinking), relink refused\n\n"));
    EXPECT_THAT(table, HasSubstr("\nWhat to do:\n"
                                 "  relink refused: The remedy of the cause.\n"
                                 "      sudo mend it\n"
                                 "  queue_link wrong_target: Fix relink first.\n"
                                 "  master_pid stale: Fix relink first.\n"
                                 "See man 7 postfix-elb-agent-reasons.\n"));
}

TEST(HealthTable, WithoutARowTheOutputIsInTheFirstLine) {
    agent::HealthReport report;
    report.output = "loop blocked";
    EXPECT_THAT(agent::render_table(report),
                testing::StartsWith("instance unknown: fail, loop blocked\n"));
}

TEST(HealthTable, SaysBothAnswersWhereTheyDiffer) {
    const World world;
    core::Health health;
    health.drain();
    const auto report = agent::report_of(health.evaluate(world.facts, world.settings, world.now));
    EXPECT_THAT(agent::render_table(report),
                testing::StartsWith("i-0123456789abcdef0: health pass, ready fail (draining)\n"));
}

TEST(HealthTable, ShowsWhatIsExcusedBesideTheStatus) {
    const auto report = agent::parse_health(
        R"({"status":"warn","checks":{"mount":[{"status":"warn","reason":"hung","excuse":"shared_fault"}]}})",
        test::moment().wall);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_EQ(report->rows[0].excuse, "shared_fault");
    EXPECT_THAT(agent::render_table(*report), HasSubstr("mount  warn (shared_fault)  hung"));
}

TEST(HealthTable, NothingInItDrivesATerminal) {
    const auto report = agent::parse_health(
        R"({"status":"fail","phase":"\u001b[2J","output":"a\nb","checks":{"\u001b]0;x":[{"status":"fail","reason":"\u0007","excuse":"\u001b[3J","output":"\u009b1m","remedy":"\u001bc","commands":["\u001b[2J\n"]}]}})",
        test::moment().wall);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    for (const char byte : agent::render_table(*report)) {
        EXPECT_TRUE(byte == '\n' || (byte >= ' ' && byte <= '~')) << static_cast<int>(byte);
    }
}

TEST(HealthTable, WrapsNoCommand) {
    agent::HealthReport report;
    const std::string command = "sudo " + std::string(300, 'a') + " b";
    report.rows.push_back({"mount", Status::fail, "missing", "", {}, "", "", {"Do.", {command}}});
    EXPECT_THAT(agent::render_table(report, {false, 40}), HasSubstr("\n      " + command + "\n"));
}

/// A command stays whole, so that it can be copied.
constexpr const char* command_indent = "      ";

TEST(HealthTable, NoLineIsWiderThanTheTerminalAndNothingIsLost) {
    const auto report = agent::report_of(verdict_of(without_mount()));
    const std::string whole = agent::render_table(report);
    for (const std::size_t width : {40U, 60U, 80U, 100U, 200U}) {
        const std::string table = agent::render_table(report, {false, width});
        for (const std::string& line : lines_of(table)) {
            const bool one_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
            EXPECT_TRUE(line.size() <= width || one_word || line.starts_with(command_indent))
                << width << ": " << line;
        }
        EXPECT_EQ(in_one_line(table), in_one_line(whole)) << width;
    }
}

TEST(HealthTable, WhatWasSeenIsWrappedUnderItself) {
    const std::string table =
        agent::render_table(agent::report_of(verdict_of(without_mount())), {false, 80});
    EXPECT_THAT(
        table,
        HasSubstr(
            "queue_link   fail    dangling  0 s    /var/spool/postfix points to\n"
            "                                      /Mail/i-0123456789abcdef0, and nothing is\n"
            "                                      mounted at /Mail\n"));
    EXPECT_THAT(table, HasSubstr("\nWhat to do:\n  mount missing: Mount the shared file system; "));
    EXPECT_THAT(table, HasSubstr("\n    "));
}

TEST(HealthTable, InANarrowTerminalWhatWasSeenHasLinesOfItsOwn) {
    const std::string table =
        agent::render_table(agent::report_of(verdict_of(without_mount())), {false, 60});
    EXPECT_THAT(table, HasSubstr("CHECK        STATUS  REASON    AGE\n    SEEN\n"));
    EXPECT_THAT(
        table,
        HasSubstr("\nmount        fail    missing   0 s\n    nothing is mounted at /Mail\n"));
}

TEST(HealthTable, AWordThatIsTooLongIsLeftWhole) {
    agent::HealthReport report;
    const std::string path = "/" + std::string(100, 'p');
    report.rows.push_back({"mount",
                           Status::fail,
                           "missing",
                           "",
                           {},
                           "",
                           "see " + path + " there",
                           {"Look at " + path, {}}});
    const std::string table = agent::render_table(report, {false, 60});
    EXPECT_THAT(table, HasSubstr("\n    see\n    " + path + "\n    there\n"));
}

TEST(HealthTable, ColourIsAddedAndChangesNothingElse) {
    const auto report = agent::report_of(verdict_of(without_mount()));
    for (const std::size_t width : {0U, 60U, 80U}) {
        const std::string coloured = agent::render_table(report, {true, width});
        EXPECT_THAT(coloured, HasSubstr("\x1b[1;31mfail\x1b[0m"));
        EXPECT_THAT(coloured, HasSubstr("\x1b[32mpass\x1b[0m"));
        EXPECT_EQ(without_colour(coloured), agent::render_table(report, {false, width})) << width;
    }
}

TEST(HealthTable, WhyThereIsNoAnswerIsOneParagraphOfPrintableText) {
    EXPECT_EQ(agent::render_no_answer("a \x1b[2J b", {}), "no answer: a ?[2J b\n");
    EXPECT_EQ(agent::render_no_answer("nothing listens", {true, 19}),
              "\x1b[1;31mno answer\x1b[0m: nothing\n  listens\n");
}

}  // namespace
