// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/fault_attribution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using core::ask_is_due;
using core::Duration;
using core::MountCondition;
using core::MountFault;
using core::MountFaultTracker;
using Answer = core::FileServerFacts::Answer;

core::FileServerFacts facts_of(Answer answer) {
    core::FileServerFacts facts;
    facts.answer = answer;
    facts.address = "10.0.1.23:2049";
    return facts;
}

core::FileServerFacts tunnel(Answer answer) {
    core::FileServerFacts facts = facts_of(answer);
    facts.address = "127.0.0.1:20049";
    facts.loopback = true;
    return facts;
}

// A host in virtual time whose mount worked, with the settings' defaults: hold 30 min, deadline 2
// s.
class FaultOverTime : public testing::Test {
   protected:
    FaultOverTime() { facts.mount_worked = true; }

    MountFault works_at(Duration time) { return observe(MountCondition::works, time); }
    MountFault fails_at(Duration time) { return observe(MountCondition::failing, time); }
    MountFault answer_at(Duration time, const core::FileServerFacts& answer) {
        facts.file_server = {answer, moment(time)};
        return fails_at(time);
    }
    MountFault answer_at(Duration time, Answer answer) { return answer_at(time, facts_of(answer)); }

    bool due_at(Duration time) const {
        return ask_is_due(tracker, facts.file_server, moment(time));
    }

    static core::TimePoint moment(Duration time) {
        return {core::WallTime(1000h + time), 1h + time};
    }

    core::Facts facts;
    core::Settings settings;
    MountFaultTracker tracker;

   private:
    MountFault observe(MountCondition condition, Duration time) {
        const MountFault fault = tracker.observe(condition, facts, settings, moment(time));
        EXPECT_EQ(fault, tracker.fault());
        return fault;
    }
};

TEST_F(FaultOverTime, AMountThatWorksIsNoFault) {
    EXPECT_EQ(works_at(0s), MountFault::none);
    EXPECT_FALSE(tracker.began());
    EXPECT_FALSE(due_at(0s));
}

TEST_F(FaultOverTime, ASilentServerIsASharedFault) {
    EXPECT_EQ(fails_at(0s), MountFault::unknown);
    EXPECT_EQ(answer_at(2s, Answer::silent), MountFault::shared);
    EXPECT_EQ(tracker.began()->boot, moment(0s).boot);
    EXPECT_EQ(tracker.since()->boot, moment(2s).boot);
}

TEST_F(FaultOverTime, AServerThatAnswersMakesItTheInstances) {
    EXPECT_EQ(fails_at(0s), MountFault::unknown);
    EXPECT_EQ(answer_at(10ms, Answer::answers), MountFault::instance);
}

TEST_F(FaultOverTime, AMountThatNeverWorkedIsTheInstancesFault) {
    facts.mount_worked = false;
    EXPECT_EQ(fails_at(0s), MountFault::instance);
    EXPECT_EQ(answer_at(2s, Answer::silent), MountFault::instance);
}

TEST_F(FaultOverTime, FaultsOfThisHostAreTheInstances) {
    for (const core::FileServerFacts& answer :
         {facts_of(Answer::no_address), facts_of(Answer::unreachable), tunnel(Answer::refused)}) {
        tracker = {};
        fails_at(0s);
        EXPECT_EQ(answer_at(1s, answer), MountFault::instance) << static_cast<int>(answer.answer);
    }
}

TEST_F(FaultOverTime, ARefusalOfAnotherHostIsItsSilence) {
    fails_at(0s);
    EXPECT_EQ(answer_at(1s, Answer::refused), MountFault::shared);
}

TEST_F(FaultOverTime, ATunnelThatForwardsNothingIsASilentServer) {
    fails_at(0s);
    EXPECT_EQ(answer_at(1s, tunnel(Answer::silent)), MountFault::shared);
}

TEST_F(FaultOverTime, ATunnelRestartedInAnOutageIsNoInstanceFault) {
    fails_at(0s);
    answer_at(2s, tunnel(Answer::silent));
    EXPECT_EQ(answer_at(62s, tunnel(Answer::refused)), MountFault::shared);
}

TEST_F(FaultOverTime, AnAnswerOfBeforeTheFaultDoesNotCount) {
    works_at(0s);
    facts.file_server = {facts_of(Answer::silent), moment(9999ms)};
    EXPECT_EQ(fails_at(10s), MountFault::unknown);
    facts.file_server = {facts_of(Answer::answers), moment(9999ms)};
    EXPECT_EQ(fails_at(10s), MountFault::unknown);
    facts.file_server.at = moment(10s);
    EXPECT_EQ(fails_at(10s), MountFault::instance);
}

TEST_F(FaultOverTime, UnknownLastsTwoDeadlinesThenItIsTheInstances) {
    EXPECT_EQ(fails_at(0s), MountFault::unknown);
    EXPECT_EQ(answer_at(2s, Answer::not_asked), MountFault::unknown);
    EXPECT_EQ(fails_at(3999ms), MountFault::unknown);
    EXPECT_EQ(fails_at(4s), MountFault::instance);
    EXPECT_EQ(answer_at(5s, Answer::silent), MountFault::shared);
}

TEST_F(FaultOverTime, AfterSilenceTheClientHasSixMinutesToReconnect) {
    fails_at(0s);
    answer_at(2s, Answer::silent);
    answer_at(10min, Answer::silent);
    for (Duration time = 10min + 15s; time < 16min; time += 15s) {
        ASSERT_EQ(answer_at(time, Answer::answers), MountFault::shared) << time.count();
    }
    EXPECT_EQ(fails_at(16min - 1ms), MountFault::shared);
    EXPECT_EQ(fails_at(16min), MountFault::instance);
}

TEST_F(FaultOverTime, OneSilenceMakesTheFaultSharedForSixMinutes) {
    fails_at(0s);
    EXPECT_EQ(answer_at(15s, Answer::answers), MountFault::instance);
    EXPECT_EQ(answer_at(45s, Answer::silent), MountFault::shared);
    EXPECT_EQ(answer_at(60s, Answer::answers), MountFault::shared);
    EXPECT_EQ(answer_at(45s + 6min - 1ms, Answer::answers), MountFault::shared);
    EXPECT_EQ(answer_at(45s + 6min, Answer::answers), MountFault::instance);
}

TEST_F(FaultOverTime, HoldEndsTheExcuseButNotTheAttribution) {
    fails_at(0s);
    EXPECT_TRUE(tracker.is_excused()) << "while it is being asked";
    for (Duration time = 15s; time < 30min; time += 15s) {
        ASSERT_EQ(answer_at(time, Answer::silent), MountFault::shared) << time.count();
        ASSERT_TRUE(tracker.is_excused());
    }
    answer_at(30min - 1ms, Answer::silent);
    EXPECT_TRUE(tracker.is_excused());
    EXPECT_EQ(answer_at(30min, Answer::silent), MountFault::shared);
    EXPECT_FALSE(tracker.is_excused());
    EXPECT_EQ(answer_at(5h, Answer::silent), MountFault::shared);
    EXPECT_FALSE(tracker.is_excused());
}

TEST_F(FaultOverTime, TheInstancesOwnFaultIsNotExcused) {
    fails_at(0s);
    answer_at(10ms, Answer::answers);
    EXPECT_FALSE(tracker.is_excused());
}

TEST_F(FaultOverTime, AHoldOfZeroIsStrict) {
    settings.shared_fault.hold = 0s;
    fails_at(0s);
    EXPECT_FALSE(tracker.is_excused());
    EXPECT_EQ(answer_at(2s, Answer::silent), MountFault::shared);
    EXPECT_FALSE(tracker.is_excused());
}

TEST_F(FaultOverTime, AHoldThatIsReloadedCountsAtOnce) {
    fails_at(0s);
    answer_at(5min, Answer::silent);
    EXPECT_TRUE(tracker.is_excused());
    settings.shared_fault.hold = 5min;
    fails_at(5min);
    EXPECT_FALSE(tracker.is_excused());
    settings.shared_fault.hold = 10min;
    fails_at(5min);
    EXPECT_TRUE(tracker.is_excused());
}

TEST_F(FaultOverTime, AFaultThatEndsLeavesOnlyALateSilence) {
    fails_at(0s);
    answer_at(2s, Answer::silent);
    EXPECT_EQ(works_at(10s), MountFault::none);
    EXPECT_FALSE(tracker.is_excused());
    EXPECT_EQ(tracker.since()->boot, moment(10s).boot);
    EXPECT_FALSE(tracker.began());
    EXPECT_FALSE(due_at(10s));
    EXPECT_EQ(fails_at(11s), MountFault::shared) << "an outage comes in fits";
    EXPECT_TRUE(due_at(11s));
    EXPECT_EQ(tracker.began()->boot, moment(11s).boot);
    EXPECT_EQ(answer_at(12s, Answer::answers), MountFault::shared);
    works_at(5min);
    EXPECT_EQ(fails_at(2s + 6min), MountFault::unknown);
    EXPECT_EQ(answer_at(3s + 6min, Answer::answers), MountFault::instance);
}

TEST_F(FaultOverTime, TheFirstObservationBeginsItsState) {
    EXPECT_FALSE(tracker.since());
    works_at(3s);
    EXPECT_EQ(tracker.since()->boot, moment(3s).boot);
    works_at(4s);
    EXPECT_EQ(tracker.since()->boot, moment(3s).boot);
}

TEST_F(FaultOverTime, TheWallClockDoesNotMatter) {
    fails_at(0s);
    answer_at(2s, Answer::silent);
    core::TimePoint stepped = moment(3s);
    stepped.wall += 24h * 365;
    EXPECT_EQ(tracker.observe(MountCondition::failing, facts, settings, stepped),
              MountFault::shared);
    stepped.wall -= 24h * 3650;
    EXPECT_EQ(tracker.observe(MountCondition::failing, facts, settings, stepped),
              MountFault::shared);
}

TEST_F(FaultOverTime, TheServerIsAskedAtOnceAndThenRarely) {
    fails_at(0s);
    EXPECT_TRUE(due_at(0s));
    answer_at(2s, Answer::silent);  // shared
    EXPECT_FALSE(due_at(2s));
    EXPECT_FALSE(due_at(17s - 1ms));
    EXPECT_TRUE(due_at(17s));
    tracker = {};
    fails_at(20s);
    EXPECT_TRUE(due_at(20s));
    answer_at(21s, Answer::answers);  // instance
    EXPECT_FALSE(due_at(51s - 1ms));
    EXPECT_TRUE(due_at(51s));
    tracker = {};
    fails_at(60s);
    answer_at(60s, Answer::not_asked);  // unknown
    EXPECT_FALSE(due_at(61s - 1ms));
    EXPECT_TRUE(due_at(61s));
}

TEST_F(FaultOverTime, ATunnelIsAskedMoreRarelyStill) {
    fails_at(0s);
    answer_at(2s, tunnel(Answer::silent));
    EXPECT_FALSE(due_at(62s - 1ms));
    EXPECT_TRUE(due_at(62s));
}

TEST(MountFaultNames, AreWhatTheAnswerSays) {
    EXPECT_EQ(to_string(MountFault::none), "none");
    EXPECT_EQ(to_string(MountFault::instance), "instance");
    EXPECT_EQ(to_string(MountFault::shared), "shared");
    EXPECT_EQ(to_string(MountFault::unknown), "unknown");
}

// A day of a mount that fails and comes back and a server of any mood, round after round and
// whenever it answers. What must hold is said again here from the whole history and not from the
// tracker's memory.
class RandomDay {
   public:
    explicit RandomDay(unsigned seed) : random_(seed) {
        settings_.shared_fault.hold = std::array<Duration, 5>{0s, 1s, 5min, 30min, 24h}[pick(5)];
        facts_.mount_worked = pick(8) != 0;
    }

    void run() {
        for (Duration time = 0s; time < 24h && !testing::Test::HasFailure(); time += step()) {
            change();
            if (ask_is_due(tracker_, facts_.file_server, moment(time)) && !answer_due_) {
                answer_due_ = time + Duration(mood_ == Answer::silent ? 2000 : pick(20));
                expect_rare(time);
            }
            if (answer_due_ && time >= *answer_due_) {
                answer_due_.reset();
                facts_.file_server = {server(), moment(time)};
                answers_.push_back({time, *facts_.file_server.value, failing_});
            }
            const bool fails = failing_;
            began_ = fails ? began_.value_or(time) : std::optional<Duration>();
            observed(time, tracker_.observe(fails ? MountCondition::failing : MountCondition::works,
                                            facts_, settings_, moment(time)));
        }
    }

    [[nodiscard]] std::size_t times_seen(MountFault fault) const {
        return seen_[static_cast<std::size_t>(fault)];
    }

   private:
    struct ServerAnswer {
        Duration at;
        core::FileServerFacts facts;
        bool in_a_fault;  ///< answers after the fault do not count
    };

    static core::TimePoint moment(Duration time) { return {core::WallTime(time), 1min + time}; }

    unsigned pick(unsigned below) {
        return std::uniform_int_distribution<unsigned>(0, below - 1)(random_);
    }
    Duration step() { return pick(3) == 0 ? Duration(pick(50)) : Duration(4000 + pick(2000)); }

    // Moods last minutes, faults up to an hour.
    void change() {
        constexpr std::array moods{Answer::answers,   Answer::answers,   Answer::silent,
                                   Answer::silent,    Answer::refused,   Answer::unreachable,
                                   Answer::not_asked, Answer::no_address};
        if (pick(60) == 0) {
            mood_ = moods[pick(moods.size())];
            loopback_ = pick(4) == 0;
        }
        if (pick(failing_ ? 300 : 60) == 0) {
            failing_ = !failing_;
        }
    }

    core::FileServerFacts server() {
        const Answer answer = pick(20) == 0 ? Answer::silent : mood_;  // packets get lost
        return loopback_ ? tunnel(answer) : facts_of(answer);
    }

    void expect_rare(Duration time) {
        const bool first_of_fault = answers_.empty() || !began_ || answers_.back().at < *began_ ||
                                    answers_.back().facts.answer == Answer::not_asked;
        if (!first_of_fault) {
            EXPECT_GE(time - answers_.back().at, 15s);
        }
    }

    [[nodiscard]] bool any_since(Duration from, bool only_silence) const {
        for (auto it = answers_.rbegin(); it != answers_.rend() && it->at >= from; ++it) {
            const Answer answer = it->facts.answer;
            const bool silence =
                answer == Answer::silent || (answer == Answer::refused && !it->facts.loopback);
            if (it->in_a_fault && answer != Answer::not_asked && (silence || !only_silence)) {
                return true;
            }
        }
        return false;
    }

    void observed(Duration time, MountFault fault) {
        ++seen_[static_cast<std::size_t>(fault)];
        ASSERT_EQ(fault == MountFault::none, !began_);
        if (!began_) {
            return;
        }
        const Duration lasted = time - *began_;
        const bool lately_silent = any_since(time - 6min + 1ms, true);
        const bool answered = any_since(*began_, false);
        const bool early = lasted < 4s;
        ASSERT_EQ(fault == MountFault::shared, facts_.mount_worked && lately_silent)
            << time.count();
        ASSERT_EQ(fault == MountFault::unknown,
                  facts_.mount_worked && !lately_silent && !answered && early)
            << time.count();
        ASSERT_EQ(tracker_.is_excused(),
                  fault != MountFault::instance && lasted < settings_.shared_fault.hold);
    }

    std::mt19937 random_;
    core::Settings settings_;
    core::Facts facts_;
    MountFaultTracker tracker_;
    Answer mood_ = Answer::answers;
    bool loopback_ = false;
    bool failing_ = false;
    std::optional<Duration> began_;
    std::optional<Duration> answer_due_;
    std::vector<ServerAnswer> answers_;
    std::array<std::size_t, 4> seen_{};
};

TEST(MountFaultOverADay, NeverExcusesLongerThanHoldAndNeverBlamesInAnOutage) {
    std::array<std::size_t, 4> seen{};
    for (unsigned seed = 1; seed <= 3 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        RandomDay day(seed);
        day.run();
        for (std::size_t i = 0; i < seen.size(); ++i) {
            seen[i] += day.times_seen(static_cast<MountFault>(i));
        }
    }
    for (const std::size_t times : seen) {
        EXPECT_GT(times, 25U);  // every state was visited, and often
    }
}

}  // namespace
