// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/history.hpp"

#include <gtest/gtest.h>

#include "unit/core/healthy_world.hpp"

namespace {

using core::History;
using core::MailQueue;
using core::Status;
using test::World;
using namespace std::chrono_literals;

core::QueueCensus census_at(std::chrono::milliseconds since, std::uint64_t deferred) {
    core::QueueCensus census;
    census.at = test::moment(since);
    census.queues[static_cast<std::size_t>(MailQueue::deferred)].messages = deferred;
    return census;
}

std::uint64_t deferred(const core::QueueSample& sample) {
    return sample.messages[static_cast<std::size_t>(MailQueue::deferred)];
}

TEST(History, KeepsAChangeWithItsTimeAndText) {
    History history;
    World world;
    core::Health health;
    history.note(health.evaluate(world.facts, world.settings, world.now));
    world.pass_time(10s);
    world.look_again();
    world.host().mount.reset();
    history.note(health.evaluate(world.facts, world.settings, world.now));
    ASSERT_EQ(history.changes().size(), 2U);
    EXPECT_EQ(history.changes()[0].health, Status::pass);
    EXPECT_EQ(history.changes()[0].text, "");
    EXPECT_EQ(history.changes()[1].health, Status::fail);
    EXPECT_EQ(history.changes()[1].ready, Status::fail);
    EXPECT_EQ(history.changes()[1].at.boot, world.now.boot);
    EXPECT_EQ(history.changes()[1].text, "mount missing: nothing is mounted at /Mail");
}

TEST(History, TimeAndWordingAreNoChange) {
    History history;
    core::Verdict verdict;
    verdict.health = Status::fail;
    for (int round = 0; round < 5; ++round) {
        verdict.output = "mount hung: no answer for " + std::to_string(round) + " s";
        verdict.at = test::moment(std::chrono::seconds(round));
        history.note(verdict);
    }
    ASSERT_EQ(history.changes().size(), 1U);
    EXPECT_EQ(history.changes()[0].text, "mount hung: no answer for 0 s");
}

TEST(History, EachPartOfTheHeadlineIsAChange) {
    core::Verdict bad;
    bad.output = "mount hung: ...";
    const auto changed = [&bad](auto spoil) {
        History history;
        core::Verdict verdict = bad;
        history.note(verdict);
        spoil(verdict);
        history.note(verdict);
        history.note(bad);
        return history.changes().size() == 3;
    };
    EXPECT_TRUE(changed([](core::Verdict& verdict) { verdict.health = Status::warn; }));
    EXPECT_TRUE(changed([](core::Verdict& verdict) { verdict.ready = Status::pass; }));
    EXPECT_TRUE(changed([](core::Verdict& verdict) { verdict.phase = core::Phase::draining; }));
    EXPECT_TRUE(
        changed([](core::Verdict& verdict) { verdict.mount_fault = core::MountFault::shared; }));
    EXPECT_TRUE(
        changed([](core::Verdict& verdict) { verdict.checks[0].reason = core::Reason::hung; }));
}

TEST(History, TheAttributionCountsOnceTheFaultDoes) {
    History history;
    core::Verdict verdict;
    for (const core::MountFault fault :
         {core::MountFault::none, core::MountFault::unknown, core::MountFault::shared}) {
        verdict.mount_fault = fault;
        history.note(verdict);
    }
    EXPECT_EQ(history.changes().size(), 1U);
}

TEST(History, TheTextExplainsWhyOnlyReadyFails) {
    History history;
    core::Verdict verdict;
    verdict.output = "mount hung: and excused";
    verdict.ready_output = "no new mail is wanted here: draining";
    history.note(verdict);
    EXPECT_EQ(history.changes()[0].text, verdict.ready_output);
}

TEST(History, DropsTheOldestChangesAndCutsTexts) {
    History history;
    core::Verdict verdict;
    verdict.output = std::string(100000, 'x');
    for (std::size_t i = 0; i < History::most_changes + 7; ++i) {
        verdict.health = i % 2 == 0 ? Status::pass : Status::fail;
        verdict.at = test::moment(std::chrono::seconds(i));
        history.note(verdict);
    }
    ASSERT_EQ(history.changes().size(), History::most_changes);
    EXPECT_EQ(history.changes().front().at.boot, test::moment(7s).boot);
    EXPECT_EQ(history.changes().back().text.size(), History::longest_text);
}

TEST(History, KeepsOneSampleAMinuteAndAlwaysTheLatestCensus) {
    History history;
    EXPECT_FALSE(history.census().has_value());
    for (int i = 0; i < 30; ++i) {
        history.note(census_at(i * 10s, static_cast<std::uint64_t>(i)));
    }
    ASSERT_EQ(history.samples().size(), 5U);
    EXPECT_EQ(deferred(history.samples()[0]), 0U);
    EXPECT_EQ(deferred(history.samples()[1]), 6U);
    EXPECT_EQ(history.census()->of(MailQueue::deferred).messages, 29U);
}

TEST(History, TheSameCensusCountsOnce) {
    History history;
    history.note(census_at(1min, 5));
    history.note(census_at(1min, 7));
    EXPECT_EQ(history.census()->of(MailQueue::deferred).messages, 5U);
    EXPECT_EQ(history.samples().size(), 1U);
}

TEST(History, SamplesAreOfTheLastHoursOnly) {
    History history;
    for (int i = 0; i <= 1000; ++i) {
        history.note(census_at(i * 1min, static_cast<std::uint64_t>(i)));
        ASSERT_LE(history.samples().size(), History::most_samples);
    }
    EXPECT_EQ(history.samples().size(), History::most_samples);
    EXPECT_EQ(history.samples().back().at.boot - history.samples().front().at.boot,
              History::sample_span);
    history.note(census_at(5000min, 3));
    EXPECT_EQ(history.samples().size(), 1U)
        << "what is older than the span goes, however few there are";
}

TEST(History, AnIncompleteCensusGivesNoSample) {
    History history;
    core::QueueCensus census = census_at(1min, 5);
    census.complete = false;
    history.note(census);
    EXPECT_TRUE(history.census().has_value());
    EXPECT_TRUE(history.samples().empty());
}

}  // namespace
