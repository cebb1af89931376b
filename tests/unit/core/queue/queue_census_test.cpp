// SPDX-License-Identifier: Apache-2.0
#include "core/model/queue_census.hpp"

#include "core/base/token_bucket.hpp"
#include "core/queue/queue_tally.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>

namespace core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// Of a real Postfix: 2026-11-22T11:21:03.188.
constexpr const char* long_id = "4jXRTW1KpQzyc8";
constexpr WallTime arrived{1'795'346'463'188ms};

std::string short_id(int number) {
    return "60B27" + std::to_string(100000 + number);
}

QueueTally tally_of(int messages, std::size_t most = samples_per_queue) {
    QueueTally tally(most);
    for (int i = 0; i < messages; ++i) {
        tally.count(short_id(i), "", arrived);
    }
    return tally;
}

std::vector<std::string> names(const QueueTally& tally) {
    std::vector<std::string> found;
    for (const SampledMessage& each : tally.samples()) {
        found.push_back(each.name);
    }
    return found;
}

TEST(MailQueue, HasTheNameOfItsDirectory) {
    std::vector<std::string> found;
    for (const MailQueue queue : all_mail_queues()) {
        found.emplace_back(to_string(queue));
    }
    EXPECT_THAT(found,
                ElementsAre("incoming", "active", "deferred", "hold", "maildrop", "corrupt"));
}

TEST(QueueTally, AnEmptyQueueIsNothing) {
    EXPECT_EQ(QueueTally().figures(), QueueFigures());
}

TEST(QueueTally, IdsThatCarryTheTimeNeedNoLookAtAFile) {
    QueueTally tally;
    for (int i = 0; i < 1000; ++i) {
        tally.count(long_id, "", arrived + 30s);
    }
    const QueueFigures figures = tally.figures();
    EXPECT_EQ(figures.messages, 1000U);
    EXPECT_EQ(figures.ages_sampled, 1000U);
    EXPECT_EQ(figures.age_sum, 30000);
    EXPECT_EQ(figures.ages[1], 1000U);
    EXPECT_EQ(figures.oldest_arrival, arrived);
}

TEST(QueueTally, ABoundBelongsToTheClassBelowIt) {
    QueueTally tally;
    tally.count(long_id, "", arrived + 10s);
    tally.count(long_id, "", arrived + 10s + 1ms);
    tally.count(long_id, "", arrived + std::chrono::hours(24) * 365 * 10);
    EXPECT_THAT(tally.figures().ages, ElementsAre(1, 1, 0, 0, 0, 0, 0, 0, 1));
}

TEST(QueueTally, WhatArrivesInTheFutureIsNew) {
    QueueTally tally;
    tally.count(long_id, "", arrived - 1h);
    EXPECT_EQ(tally.figures().age_sum, 0);
    EXPECT_EQ(tally.figures().ages[0], 1U);
}

TEST(QueueTally, OfAFewEveryOneIsLookedAt) {
    EXPECT_THAT(names(tally_of(4, 4)),
                ElementsAre(short_id(0), short_id(1), short_id(2), short_id(3)));
}

TEST(QueueTally, OfManyEverySecondThenEveryFourth) {
    EXPECT_THAT(names(tally_of(5, 4)), ElementsAre(short_id(0), short_id(2), short_id(4)));
    EXPECT_THAT(names(tally_of(9, 4)), ElementsAre(short_id(0), short_id(4), short_id(8)));
    EXPECT_THAT(names(tally_of(7, 3)), ElementsAre(short_id(0), short_id(4)));
}

TEST(QueueTally, TheSampleNeverExceedsItsBoundAndNeverFallsBelowHalfOfIt) {
    QueueTally tally(20);
    for (int i = 0; i < 5000; ++i) {
        tally.count(short_id(i), "", arrived);
        ASSERT_LE(tally.samples().size(), 20U);
        ASSERT_GE(tally.samples().size(), std::min(i + 1, 10));
    }
}

TEST(QueueTally, SizesOfAFewAreExactAndOfManyScaled) {
    QueueTally few = tally_of(2);
    few.add_size(10);
    few.add_size(20);
    EXPECT_EQ(few.figures().bytes, 30U);
    EXPECT_EQ(few.figures().bytes_sampled, 2U);

    QueueTally many = tally_of(1000);
    for (std::size_t i = 0; i < many.samples().size(); ++i) {
        many.add_size(i % 2 == 0 ? 100 : 300);
    }
    EXPECT_NEAR(static_cast<double>(many.figures().bytes), 200'000, 2'000);
    EXPECT_EQ(many.figures().bytes_sampled, many.samples().size());
}

TEST(QueueTally, ShortIdsTakeTheirAgesFromTheSample) {
    QueueTally tally = tally_of(100);
    tally.add_arrival(arrived, arrived + 5s);
    tally.add_arrival(arrived - 1h, arrived + 5s);
    const QueueFigures figures = tally.figures();
    EXPECT_EQ(figures.ages_sampled, 2U);
    EXPECT_THAT(figures.ages, ElementsAre(1, 0, 0, 1, 0, 0, 0, 0, 0));
    EXPECT_EQ(figures.oldest_arrival, arrived - 1h);
}

/// After enable_long_queue_ids was turned on, say.
TEST(QueueTally, MixedIdsTakeTheirAgesFromTheSample) {
    QueueTally tally;
    tally.count(long_id, "", arrived + 1h);
    tally.count(short_id(1), "", arrived + 1h);
    tally.add_arrival(arrived + 1h - 5s, arrived + 1h);
    const QueueFigures figures = tally.figures();
    EXPECT_EQ(figures.ages_sampled, 1U);
    EXPECT_EQ(figures.age_sum, 5);
    EXPECT_EQ(figures.oldest_arrival, arrived);
}

TEST(AgesOfAll, AddUpToTheMessages) {
    QueueFigures figures;
    figures.messages = 1000;
    figures.ages_sampled = 3;
    figures.ages = {1, 1, 1, 0, 0, 0, 0, 0, 0};
    const auto all = ages_of_all(figures);
    EXPECT_THAT(all, ElementsAre(333, 334, 333, 0, 0, 0, 0, 0, 0));
    figures.ages_sampled = 0;
    figures.ages = {};
    EXPECT_THAT(ages_of_all(figures), testing::Each(0));
}

TEST(AgesOfAll, AreWhatIsKnownWhereAllAreKnown) {
    QueueFigures figures;
    figures.messages = 4;
    figures.ages_sampled = 4;
    figures.ages = {1, 0, 2, 0, 0, 0, 0, 0, 1};
    EXPECT_EQ(ages_of_all(figures), figures.ages);
}

TEST(TokenBucket, GivesWhatItHasAndThenWhatComes) {
    TokenBucket bucket(200, 1000ms);
    int taken = 0;
    for (; bucket.any(); ++taken) {
        bucket.take(1);
    }
    EXPECT_EQ(taken, 20);
    EXPECT_EQ(bucket.until_full(), 100ms);
    bucket.fill(1010ms);
    EXPECT_TRUE(bucket.any());
    bucket.take(2);
    EXPECT_FALSE(bucket.any());
}

TEST(TokenBucket, KeepsTheRateHoweverOftenItIsAsked) {
    TokenBucket bucket(50, 0ms);
    int taken = 0;
    for (BootTime now{0}; now < 10s; now += 1ms) {
        bucket.fill(now);
        for (; bucket.any(); ++taken) {
            bucket.take(1);
        }
    }
    EXPECT_NEAR(taken, 500, 6);
}

TEST(TokenBucket, ADebtIsPaidFirst) {
    TokenBucket bucket(1, 0ms);
    bucket.take(4);
    bucket.fill(3500ms);
    EXPECT_FALSE(bucket.any());
    bucket.fill(4000ms);
    EXPECT_TRUE(bucket.any());
}

TEST(TokenBucket, SavesNoMoreThanItHolds) {
    TokenBucket bucket(200, 0ms);
    bucket.fill(1h);
    bucket.take(20);
    EXPECT_FALSE(bucket.any());
}

}  // namespace
}  // namespace core
