// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/startup_history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace {

using core::StartFailure;
using core::WallTime;
using namespace std::chrono_literals;
namespace chrono = std::chrono;

const WallTime day = chrono::sys_days(chrono::year(2026) / 11 / 22);
const WallTime boot_began = day + 10h;
const WallTime now = day + 12h;

const std::string already_running =
    "postfix/postfix-script[1060]: fatal: the Postfix mail system is already running";
const std::string lock_refused =
    "postfix/master[1084]: fatal: open lock file pid/master.pid: unable to set exclusive lock: "
    "Resource temporarily "
    "unavailable";
const std::string bind_failed =
    "postfix/master[9]: fatal: bind 0.0.0.0 port 25: Address already in use";
const std::string init_failure =
    "postfix/master[1083]: fatal: daemon initialization failure -- see logs for details";
const std::string startup_failed = "postfix/postfix-script[9]: fatal: mail system startup failed";
const std::string terminated = "postfix/master[1051]: terminating on signal 15";
const std::string started =
    "postfix/master[1051]: daemon started -- version 3.7.11, configuration /etc/postfix";

class StartupHistory : public testing::Test {
   protected:
    void log(const std::string& time, const std::string& message) {
        history_.feed("2026-11-22T" + time + "+00:00 vma " + message, boot_began, now);
    }
    StartFailure failure() { return history_.last_failure().value_or(StartFailure{}); }

    core::StartupHistory history_{[](const std::tm&) { return WallTime{}; }};
};

TEST_F(StartupHistory, AnEmptyLogHasNoStarts) {
    EXPECT_FALSE(history_.last_failure());
    EXPECT_FALSE(history_.last_started());
}

TEST_F(StartupHistory, TheLatestFailureAndTheLatestStartAreKept) {
    log("10:15:01", already_running);
    log("10:15:05", lock_refused);
    log("10:15:09", started);
    log("10:16:09", started);
    EXPECT_EQ(failure().kind, StartFailure::Kind::lock_refused);
    EXPECT_EQ(failure().at, day + 10h + 15min + 5s);
    EXPECT_THAT(failure().line, testing::EndsWith(lock_refused));
    EXPECT_EQ(history_.last_started(), day + 10h + 16min + 9s);
}

TEST_F(StartupHistory, LinesOfAnEarlierBootDoNotCount) {
    log("09:59:58", already_running);
    log("09:59:58", started);
    EXPECT_FALSE(history_.last_failure());
    EXPECT_FALSE(history_.last_started());
    EXPECT_EQ(history_.counts().already_running, 0U);
}

TEST_F(StartupHistory, AStampThatWasCutToTheSecondOfTheBootCounts) {
    history_.feed("2026-11-22T10:00:00Z vma " + already_running, boot_began + 700ms, now);
    EXPECT_TRUE(history_.last_failure());
}

TEST_F(StartupHistory, TheAftermathDoesNotHideTheCause) {
    for (const std::string& cause : {lock_refused, bind_failed}) {
        log("10:15:09", cause);
        log("10:15:10", init_failure);
        log("10:15:10", startup_failed);
        EXPECT_THAT(failure().line, testing::EndsWith(cause));
        EXPECT_EQ(failure().at, day + 10h + 15min + 9s);
    }
    EXPECT_EQ(history_.counts().lock_refused, 1U);
    EXPECT_EQ(history_.counts().start_failed, 1U);
}

TEST_F(StartupHistory, TheAftermathOfALaterStartIsAFailureOfItsOwn) {
    log("10:15:09", lock_refused);
    log("10:20:00", startup_failed);
    EXPECT_EQ(failure().kind, StartFailure::Kind::start_failed);
    EXPECT_EQ(failure().at, day + 10h + 20min);
    log("10:20:30", lock_refused);
    log("10:20:31", started);
    log("10:20:32", startup_failed);
    EXPECT_EQ(failure().at, day + 10h + 20min + 32s);
}

TEST_F(StartupHistory, InOneSecondTheOrderOfTheLinesCounts) {
    log("10:15:09", already_running);
    log("10:15:09", started);
    EXPECT_GT(*history_.last_started(), failure().at);
    log("10:15:09", already_running);
    EXPECT_GT(failure().at, *history_.last_started());
}

TEST_F(StartupHistory, ASecondStartBesideAMasterStaysHarmless) {
    for (const std::string& refusal : {already_running, lock_refused}) {
        history_ = core::StartupHistory([](const std::tm&) { return WallTime{}; });
        log("10:15:00", started);
        log("10:16:00", refusal);
        log("10:16:00", init_failure);
        log("10:16:01", startup_failed);
        log("10:20:00", terminated);
        EXPECT_TRUE(failure().beside_master);
        EXPECT_EQ(failure().at, day + 10h + 16min) << "its aftermath is no failure of its own";
    }
}

TEST_F(StartupHistory, ARefusalWithoutAMasterCounts) {
    log("10:15:00", already_running);
    EXPECT_FALSE(failure().beside_master);
    log("10:16:00", started);
    log("10:17:00", terminated);
    log("10:17:05", already_running);
    EXPECT_FALSE(failure().beside_master);
    EXPECT_EQ(failure().at, day + 10h + 17min + 5s);
}

TEST_F(StartupHistory, AMasterOfAnEarlierBootDoesNotCount) {
    log("09:59:00", started);
    log("10:15:00", already_running);
    EXPECT_FALSE(failure().beside_master);
}

TEST_F(StartupHistory, OtherFailuresCountAlsoBesideAMaster) {
    log("10:15:00", started);
    log("10:16:00", bind_failed);
    EXPECT_FALSE(failure().beside_master);
    log("10:30:00", already_running);
    log("10:30:01", startup_failed);
    EXPECT_THAT(failure().line, testing::EndsWith(bind_failed))
        << "a harmless one hides none that counts";
    EXPECT_EQ(history_.counts().already_running, 1U);
}

TEST_F(StartupHistory, AClockThatIsSetBackDoesNotTurnTheOrderRound) {
    log("11:30:00", already_running);
    log("10:30:00", started);
    EXPECT_GT(*history_.last_started(), failure().at);
    log("10:31:00", already_running);
    EXPECT_GT(failure().at, *history_.last_started());
}

TEST_F(StartupHistory, NothingHappensInTheFuture) {
    log("18:00:00", already_running);
    EXPECT_EQ(failure().at, now);
}

TEST_F(StartupHistory, TheMatchedLinesAreCounted) {
    log("10:15:01", already_running);
    log("10:16:01", already_running);
    log("10:17:01", started);
    log("10:18:01", "postfix/smtpd[1]: connect from unknown");
    EXPECT_EQ(history_.counts().already_running, 2U);
    EXPECT_EQ(history_.counts().daemon_started, 1U);
    EXPECT_EQ(history_.counts().lock_refused, 0U);
    EXPECT_EQ(history_.counts().start_failed, 0U);
}

}  // namespace
