// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/hysteresis.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace {

using core::Certainty;
using core::Hysteresis;
using State = Hysteresis::State;

enum class Round { good, doubtful, definitive };

State feed(Hysteresis& hysteresis, Round round, int fail_after, int pass_after) {
    if (round == Round::good) {
        return hysteresis.observe_good(pass_after);
    }
    return hysteresis.observe_bad(
        round == Round::doubtful ? Certainty::doubtful : Certainty::definitive, fail_after);
}

TEST(Hysteresis, KnowsNothingBeforeTheFirstRound) {
    EXPECT_EQ(Hysteresis().state(), State::unknown);
}

TEST(Hysteresis, ExcusesNothingBeforeTheFirstGoodRound) {
    Hysteresis hysteresis;
    EXPECT_EQ(hysteresis.observe_bad(Certainty::doubtful, 100), State::bad);
}

TEST(Hysteresis, TheFirstGoodRoundCounts) {
    Hysteresis hysteresis;
    EXPECT_EQ(hysteresis.observe_good(100), State::good);
}

TEST(Hysteresis, OneDefinitiveFaultIsEnough) {
    Hysteresis hysteresis;
    hysteresis.observe_good(1);
    EXPECT_EQ(hysteresis.observe_bad(Certainty::definitive, 100), State::bad);
}

TEST(Hysteresis, AGoodRoundBetweenForgivesTheFaultsBeforeIt) {
    Hysteresis hysteresis;
    hysteresis.observe_good(1);
    EXPECT_EQ(hysteresis.observe_bad(Certainty::doubtful, 2), State::good);
    EXPECT_EQ(hysteresis.streak(), 1);
    EXPECT_EQ(hysteresis.observe_good(1), State::good);
    EXPECT_EQ(hysteresis.observe_bad(Certainty::doubtful, 2), State::good);
    EXPECT_EQ(hysteresis.observe_bad(Certainty::doubtful, 2), State::bad);
    EXPECT_EQ(hysteresis.streak(), 0);
}

// The model examines the whole history each time: no counters.
State model(const std::vector<Round>& history, int fail_after, int pass_after) {
    State state = State::unknown;
    std::size_t decided = 0;  // rounds from here on can still contradict
    for (std::size_t now = 0; now < history.size(); ++now) {
        const auto last_are = [&](int count, auto matches) {
            if (static_cast<std::size_t>(count) > now + 1 - decided) {
                return false;
            }
            for (std::size_t i = now + 1 - static_cast<std::size_t>(count); i <= now; ++i) {
                if (!matches(history[i])) {
                    return false;
                }
            }
            return true;
        };
        const bool good = history[now] == Round::good;
        const bool to_good = good && (state == State::unknown ||
                                      (state == State::bad && last_are(pass_after, [](Round r) {
                                           return r == Round::good;
                                       })));
        const bool to_bad =
            !good && (state == State::unknown ||
                      (state == State::good &&
                       (history[now] == Round::definitive ||
                        last_are(fail_after, [](Round r) { return r != Round::good; }))));
        if (to_good || to_bad) {
            state = to_good ? State::good : State::bad;
            decided = now + 1;
        }
    }
    return state;
}

TEST(Hysteresis, AgreesWithANaiveModelOnRandomHistories) {
    std::mt19937 random(20261122);
    for (int run = 0; run < 400; ++run) {
        const int fail_after = 1 + static_cast<int>(random() % 4);
        const int pass_after = 1 + static_cast<int>(random() % 4);
        Hysteresis hysteresis;
        std::vector<Round> history;
        for (int i = 0; i < 40; ++i) {
            const auto dice = random() % 10;
            history.push_back(dice < 5   ? Round::good
                              : dice < 9 ? Round::doubtful
                                         : Round::definitive);
            ASSERT_EQ(feed(hysteresis, history.back(), fail_after, pass_after),
                      model(history, fail_after, pass_after))
                << "run " << run << ", round " << i << ", fail_after " << fail_after
                << ", pass_after " << pass_after;
        }
    }
}

}  // namespace
