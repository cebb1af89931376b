// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "unit/core/healthy_world.hpp"

namespace {

using core::Check;
using core::Health;
using core::Phase;
using core::Reason;
using core::Status;
using core::Verdict;
using test::World;
using testing::StartsWith;
using namespace std::chrono_literals;

const core::Finding& of(const Verdict& verdict, Check check) {
    return verdict.checks[static_cast<std::size_t>(check)];
}

/// A host and its agent over time; a round is an interval apart unless said otherwise.
struct Life : World {
    Health health;

    Verdict round(std::chrono::milliseconds after = 5s) {
        pass_time(after);
        look_again();
        return evaluate();
    }
    Verdict evaluate() { return health.evaluate(facts, settings, now); }

    void restart_postfix(int pid) {
        host().named = test::master(pid, test::own_queue);
        host().masters = {*host().named};
        mount().pid_file.pid = pid;
    }
};

TEST(Health, WithoutAnyFactFailsAndIsStarting) {
    Health health;
    const Verdict verdict = health.evaluate({}, {}, test::moment());
    EXPECT_EQ(verdict.health, Status::fail);
    EXPECT_EQ(verdict.ready, Status::fail);
    EXPECT_EQ(verdict.phase, Phase::starting);
    EXPECT_EQ(verdict.output, "mount missing: /Mail was not looked at yet");
}

TEST(Health, PassesAtOnceOnAHealthyHost) {
    Life life;
    const Verdict verdict = life.round();
    EXPECT_EQ(verdict.health, Status::pass) << verdict.output;
    EXPECT_EQ(verdict.ready, Status::pass);
    EXPECT_EQ(verdict.phase, Phase::serving);
    EXPECT_EQ(verdict.output, "");
    EXPECT_EQ(verdict.instance_id, test::own_id);
    EXPECT_EQ(verdict.at.boot, life.now.boot);
}

TEST(Health, GoesThroughItsPhasesAsAHostBoots) {
    Life life;
    const core::Facts healthy = life.facts;
    life.facts = {};
    EXPECT_EQ(life.evaluate().phase, Phase::starting);

    life.facts = healthy;
    life.stop_postfix();
    life.mount().pid_file = {};
    life.relink().state = core::RelinkProgress::State::pending;
    life.relink().text = "copying";
    const Verdict relinking = life.round();
    EXPECT_EQ(relinking.phase, Phase::relinking);
    EXPECT_THAT(
        relinking.output,
        StartsWith("relink pending: /var/spool/postfix to /Mail/i-0123456789abcdef0: copying"));

    life.relink().state = core::RelinkProgress::State::done;
    const Verdict awaiting = life.round();
    EXPECT_EQ(awaiting.phase, Phase::awaiting_postfix);
    EXPECT_EQ(awaiting.health, Status::fail) << "nothing is excused before the first pass";
    EXPECT_THAT(awaiting.output, StartsWith("master_pid missing: "));

    life.restart_postfix(771);
    life.mount().pid_file = healthy.mount.value->pid_file;
    EXPECT_EQ(life.round().phase, Phase::serving);
}

TEST(Health, ServesOnAWarning) {
    Life life;
    life.log().source = core::StartupLogFacts::Source::missing;
    const Verdict verdict = life.round();
    EXPECT_EQ(verdict.health, Status::warn);
    EXPECT_EQ(verdict.ready, Status::warn);
    EXPECT_EQ(verdict.phase, Phase::serving);
    EXPECT_EQ(verdict.output,
              "startup_log unreadable: /var/log/mail.log does not exist, and this host keeps no "
              "journal of this boot");
}

TEST(Health, ARestartOfPostfixIsWatchedAndNeverLeavesTwoHundred) {
    Life life;
    life.round();
    life.stop_postfix();
    const Verdict during = life.round();
    EXPECT_EQ(during.health, Status::pass);
    EXPECT_EQ(during.ready, Status::pass);
    EXPECT_EQ(of(during, Check::master_pid).status, Status::pass);
    EXPECT_THAT(of(during, Check::master_pid).output,
                StartsWith("watched (1 of 2 rounds): stale: "));
    EXPECT_EQ(of(during, Check::master_pid).at.boot, life.now.boot)
        << "of what was seen now, not of the last pass";
    life.restart_postfix(1005);
    const Verdict after = life.round();
    EXPECT_EQ(after.health, Status::pass);
    EXPECT_EQ(of(after, Check::master_pid).output, "");
    EXPECT_EQ(of(after, Check::master_pid).observed, "1005");
}

TEST(Health, ABurstOfEventsCountsAsOneRound) {
    Life life;
    life.round();
    life.stop_postfix();
    for (int event = 0; event < 20; ++event) {
        EXPECT_EQ(life.round(200ms).health, Status::pass) << "event " << event;
    }
    EXPECT_EQ(life.round(1s).health, Status::fail) << "five seconds after the first";
}

TEST(Health, ATimerThatIsALittleEarlyStillCounts) {
    Life life;
    life.round();
    life.stop_postfix();
    life.round();
    EXPECT_EQ(life.round(4990ms).health, Status::fail);
}

TEST(Health, ADeadMasterFailsAfterTheConfiguredRounds) {
    for (int fail_after = 1; fail_after <= 4; ++fail_after) {
        Life life;
        life.settings.checks.fail_after = fail_after;
        life.round();
        life.stop_postfix();
        for (int i = 1; i < fail_after; ++i) {
            EXPECT_EQ(life.round().health, Status::pass) << i << " of " << fail_after;
        }
        const Verdict verdict = life.round();
        EXPECT_EQ(verdict.health, Status::fail) << fail_after;
        EXPECT_EQ(verdict.phase, Phase::serving);
        EXPECT_THAT(verdict.output, StartsWith("master_pid stale: "));
    }
}

TEST(Health, AMasterInAnotherQueueFailsAtOnce) {
    Life life;
    life.round();
    life.stop_postfix();
    life.round(10ms);
    life.restart_postfix(800);
    life.host().named->cwd = test::other_queue;
    life.host().masters = {*life.host().named};
    EXPECT_EQ(life.round(10ms).health, Status::fail);
}

TEST(Health, AMissingMountFailsAtOnceAndIsTheHeadline) {
    Life life;
    life.round();
    life.host().mount.reset();
    life.mount() = {};
    life.stop_postfix();
    const Verdict verdict = life.round();
    EXPECT_EQ(verdict.health, Status::fail);
    EXPECT_EQ(verdict.output, "mount missing: nothing is mounted at /Mail");
}

TEST(Health, AFailedStartIsTheHeadlineOfAMissingMaster) {
    Life life;
    life.stop_postfix();
    life.log().last_failure = core::StartFailure{core::StartFailure::Kind::already_running,
                                                 test::moment(-1s).wall, "already running"};
    EXPECT_THAT(life.round().output, StartsWith("startup_log already_running: "));
}

TEST(Health, RecoversAfterTheConfiguredRounds) {
    Life life;
    life.settings.checks.pass_after = 3;
    life.round();
    life.host().mount->read_only = true;
    EXPECT_EQ(life.round().health, Status::fail);
    life.host().mount->read_only = false;
    const Verdict first = life.round();
    EXPECT_EQ(first.health, Status::fail);
    EXPECT_THAT(first.output,
                StartsWith("mount read_only: passes again (1 of 3 rounds), was: /Mail"));
    EXPECT_EQ(life.round().health, Status::fail);
    EXPECT_EQ(life.round().health, Status::pass);
}

TEST(Health, RecoversAtOnceByDefault) {
    Life life;
    life.round();
    life.host().mount->read_only = true;
    life.round(1ms);
    life.host().mount->read_only = false;
    EXPECT_EQ(life.round(1ms).health, Status::pass);
}

TEST(Health, FactsThatAreNotRenewedFail) {
    Life life;
    life.round();
    Status health = Status::pass;
    for (int i = 0; i < 10 && health != Status::fail; ++i) {
        life.pass_time(5s);
        health = life.evaluate().health;
    }
    EXPECT_EQ(health, Status::fail);
}

TEST(Health, AWallClockThatStepsChangesNothing) {
    Life life;
    life.round();
    life.now.wall += std::chrono::hours(24 * 365);
    EXPECT_EQ(life.evaluate().health, Status::pass);
    life.now.wall -= std::chrono::hours(24 * 730);
    EXPECT_EQ(life.round().health, Status::pass);
}

TEST(Health, DrainingTakesNoNewMailAndStaysHealthy) {
    Life life;
    life.round();
    life.health.drain();
    const Verdict verdict = life.round();
    EXPECT_EQ(verdict.phase, Phase::draining);
    EXPECT_EQ(verdict.health, Status::pass);
    EXPECT_EQ(verdict.ready, Status::fail);
    EXPECT_EQ(verdict.output, "");
}

TEST(Health, EveryReasonHasARankOfItsOwn) {
    std::set<std::size_t> ranks;
    for (const core::ReasonInfo& row : core::all_reasons()) {
        EXPECT_TRUE(ranks.insert(core::cause_rank(row.check, row.reason)).second)
            << to_string(row.check) << " " << to_string(row.reason);
    }
    EXPECT_EQ(*ranks.rbegin(), core::all_reasons().size() - 1);
}

TEST(Health, TheNearestCauseIsTheHeadline) {
    Life life;
    life.host().link.target = test::other_queue;
    life.mount().ownership.state = core::OwnershipFacts::State::held_elsewhere;
    life.stop_postfix();
    EXPECT_THAT(life.round().output, StartsWith("ownership held_elsewhere: "));
    life.mount().ownership.state = core::OwnershipFacts::State::unclaimed;
    EXPECT_THAT(life.round().output, StartsWith("queue_link wrong_target: "));
}

// ---- properties, over random lives

struct Faults {
    bool doubtful = false;
    bool definitive = false;
};

/// Makes the world healthy and then, more often than not, spoils one thing.
Faults spoil(Life& life, std::mt19937& random) {
    Faults faults;
    const core::HostFacts healthy_host = *World().facts.host.value;
    const core::MountFacts healthy_mount = *World().facts.mount.value;
    life.host() = healthy_host;
    life.mount() = healthy_mount;
    switch (random() % 12) {
        case 0:
            life.stop_postfix();
            faults.doubtful = true;
            break;
        case 1:
            life.mount().queue_dir.kind = core::QueueDirFacts::Kind::absent;
            faults.doubtful = true;
            break;
        case 2:
            life.host().lease_expired = 3;
            faults.doubtful = true;
            break;
        case 3:
            life.host().mount.reset();
            faults.definitive = true;
            break;
        case 4:
            life.host().link.target = test::other_queue;
            faults.definitive = true;
            break;
        case 5:
            life.host().mount->read_only = true;
            faults.definitive = true;
            break;
        case 6:
            life.host().named->cwd = test::other_queue;
            life.host().masters = {*life.host().named};
            faults.definitive = true;
            break;
        default: break;
    }
    return faults;
}

TEST(HealthProperty, NeverPassesOverADefinitiveFaultNorFailsOnAShortBlip) {
    std::mt19937 random(7);
    int definitive = 0;
    int blips = 0;
    for (int run = 0; run < 60; ++run) {
        Life life;
        life.settings.checks.fail_after = 2 + static_cast<int>(random() % 3);
        ASSERT_EQ(life.round().health, Status::pass);
        int bad_rounds = 0;
        for (int i = 0; i < 60; ++i) {
            const Faults faults = spoil(life, random);
            bad_rounds = faults.doubtful || faults.definitive ? bad_rounds + 1 : 0;
            const Verdict verdict = life.round();
            const auto where = [&] {
                return "run " + std::to_string(run) + " round " + std::to_string(i);
            };
            ASSERT_EQ(verdict.output.empty(), verdict.health == Status::pass) << where();
            if (faults.definitive) {
                ++definitive;
                ASSERT_EQ(verdict.health, Status::fail) << where();
                ASSERT_EQ(verdict.ready, Status::fail) << where();
                bad_rounds = 0;
                life.host() = *World().facts.host.value;
                ASSERT_EQ(life.round().health, Status::pass)
                    << where();  // one good round, as pass_after says
            } else if (bad_rounds < life.settings.checks.fail_after) {
                blips += faults.doubtful ? 1 : 0;
                ASSERT_NE(verdict.health, Status::fail) << where() << ": " << verdict.output;
            } else {
                life.host() = *World().facts.host.value;
                life.mount() = *World().facts.mount.value;
                bad_rounds = 0;
                ASSERT_EQ(life.round().health, Status::pass) << where();
            }
        }
    }
    EXPECT_GT(definitive, 100);
    EXPECT_GT(blips, 100);
}

TEST(HealthProperty, WithoutFactsFromBothWorkersItNeverPasses) {
    for (int missing = 0; missing < 4; ++missing) {
        Life life;
        const core::Facts healthy = life.facts;
        life.facts.host.value = missing == 0 ? std::nullopt : healthy.host.value;
        life.facts.mount.value = missing == 1 ? std::nullopt : healthy.mount.value;
        life.facts.relink.value = missing == 2 ? std::nullopt : healthy.relink.value;
        life.facts.instance_id = missing == 3 ? "" : healthy.instance_id;
        for (int i = 0; i < 5; ++i) {
            EXPECT_EQ(life.round().health, Status::fail) << missing;
        }
    }
}

// ---- whose fault it is

void hang(Life& life) {
    life.facts.mount_hung_since = life.now;
}

void server_says(Life& life, core::FileServerFacts::Answer answer) {
    life.facts.file_server.value = core::FileServerFacts{answer, "10.0.0.5:2049", false, ""};
    life.facts.file_server.at = life.now;
}

/// Served, then the mount hangs and the file server says this, for so many rounds.
Verdict hung_for(Life& life, core::FileServerFacts::Answer answer, int rounds) {
    life.facts.mount_worked = true;
    life.round();
    hang(life);
    Verdict verdict;
    for (int i = 0; i < rounds; ++i) {
        verdict = life.round();
        server_says(life, answer);
        verdict = life.evaluate();
    }
    return verdict;
}

TEST(Health, AMountThatHangsWhileItsServerAnswersIsThisInstancesFault) {
    Life life;
    const Verdict verdict = hung_for(life, core::FileServerFacts::Answer::answers, 2);
    EXPECT_EQ(verdict.health, Status::fail);
    EXPECT_EQ(verdict.ready, Status::fail);
    EXPECT_EQ(verdict.mount_fault, core::MountFault::instance);
    EXPECT_EQ(of(verdict, Check::mount).excuse, core::Excuse::none);
}

TEST(Health, AnOutageOfTheFileServerWarnsAndTakesNoNewMail) {
    Life life;
    const Verdict verdict = hung_for(life, core::FileServerFacts::Answer::silent, 3);
    EXPECT_EQ(verdict.health, Status::warn);
    EXPECT_EQ(verdict.ready, Status::fail);
    EXPECT_EQ(verdict.mount_fault, core::MountFault::shared);
    EXPECT_EQ(of(verdict, Check::mount).status, Status::warn);
    EXPECT_EQ(of(verdict, Check::mount).reason, Reason::hung);
    EXPECT_THAT(verdict.output, StartsWith("mount hung: "));
    EXPECT_THAT(verdict.ready_output, StartsWith("mount hung: "));
}

TEST(Health, AnOutageDoesNotExcuseAMasterThatNeverCameUp) {
    for (const bool answers_again : {false, true}) {
        Life life;
        life.host().named.reset();
        life.host().masters.clear();
        const Verdict verdict = hung_for(life, core::FileServerFacts::Answer::silent, 3);
        EXPECT_EQ(verdict.mount_fault, core::MountFault::shared);
        EXPECT_EQ(verdict.health, Status::fail);
        EXPECT_EQ(verdict.phase, Phase::awaiting_postfix);
        if (answers_again) {
            life.facts.mount_hung_since.reset();
            const Verdict after = life.round();
            EXPECT_EQ(after.health, Status::fail);
            EXPECT_EQ(of(after, Check::master_pid).excuse, core::Excuse::none);
        }
    }
}

TEST(Health, AnAgentStartedInAnOutageExcusesAWorkingMaster) {
    Life life;
    life.facts.mount_worked = true;
    life.facts.mount.value.reset();
    life.facts.relink.value.reset();
    hang(life);
    life.round();
    server_says(life, core::FileServerFacts::Answer::silent);
    const Verdict verdict = life.evaluate();
    EXPECT_EQ(verdict.health, Status::warn) << verdict.output;
    EXPECT_EQ(verdict.ready, Status::fail);
}

TEST(Health, AnOutageThatIsOverLeavesNothingBehind) {
    Life life;
    hung_for(life, core::FileServerFacts::Answer::silent, 3);
    life.facts.mount_hung_since.reset();
    const Verdict verdict = life.round();
    EXPECT_EQ(verdict.health, Status::pass) << verdict.output;
    EXPECT_EQ(verdict.ready, Status::pass);
    EXPECT_EQ(verdict.mount_fault, core::MountFault::none);
    EXPECT_EQ(verdict.ready_output, "");
}

TEST(Health, AnOutageExcusesNoLongerThanItsHold) {
    Life life;
    life.settings.shared_fault.hold = 1min;
    EXPECT_EQ(hung_for(life, core::FileServerFacts::Answer::silent, 3).health, Status::warn);
    Verdict verdict;
    for (int i = 0; i < 12; ++i) {
        verdict = life.round();
        server_says(life, core::FileServerFacts::Answer::silent);
    }
    EXPECT_EQ(verdict.health, Status::fail);
    EXPECT_EQ(verdict.mount_fault, core::MountFault::shared) << "it is no less the file server's";
}

TEST(Health, AnOutageExcusesOnlyFaultsThatItExplains) {
    Life life;
    hung_for(life, core::FileServerFacts::Answer::silent, 3);
    life.host().link.target = test::other_queue;
    const Verdict verdict = life.round();
    EXPECT_EQ(verdict.health, Status::fail);
    EXPECT_THAT(verdict.output, StartsWith("queue_link wrong_target"));
}

TEST(Health, ConsequencesOfAnOutageAreExcused) {
    Life life;
    hung_for(life, core::FileServerFacts::Answer::silent, 3);
    life.host().lease_expired = 90;
    life.stop_postfix();
    Verdict verdict;
    for (int i = 0; i < 3; ++i) {
        verdict = life.round();
        EXPECT_EQ(verdict.health, Status::warn) << verdict.output;
    }
    EXPECT_EQ(verdict.ready, Status::fail);
}

TEST(Health, TheEndOfAnOutageThatCostTheLeaseIsNoFault) {
    Life life;
    hung_for(life, core::FileServerFacts::Answer::silent, 3);
    life.host().lease_expired = 90;
    life.round();
    life.round();
    life.facts.mount_hung_since.reset();
    life.mount().ownership.state = core::OwnershipFacts::State::lost;
    life.mount().ownership.holder = {};
    EXPECT_EQ(life.round(1ms).health, Status::warn) << "the old lease, and a lock without a holder";
    life.host().lease_expired = 0;
    EXPECT_EQ(life.round(1ms).health, Status::warn) << "before it was claimed again";
    life.mount().ownership.state = core::OwnershipFacts::State::held;
    life.mount().ownership.holder = test::owner(test::own_id, "ip-10-0-0-7");
    EXPECT_EQ(life.round(1ms).health, Status::pass);
}

TEST(Health, TheEndOfAnOutageIsNoFaultAlsoWithSeveralRounds) {
    Life life;
    life.settings.checks.pass_after = 3;
    hung_for(life, core::FileServerFacts::Answer::silent, 3);
    life.facts.mount_hung_since.reset();
    EXPECT_EQ(life.round().health, Status::warn);
    EXPECT_EQ(life.round().health, Status::warn);
    EXPECT_EQ(life.round().health, Status::pass);
}

TEST(Health, AFaultLongAfterAnOutageIsNotExcused) {
    Life life;
    hung_for(life, core::FileServerFacts::Answer::silent, 3);
    life.facts.mount_hung_since.reset();
    life.stop_postfix();
    EXPECT_EQ(life.round().health, Status::pass) << "a doubtful one is watched first";
    EXPECT_EQ(life.round().health, Status::fail);
}

TEST(Health, AMountThatNeverWorkedIsABadBoot) {
    Life life;
    life.facts.mount_hung_since = life.now;
    life.facts.mount.value.reset();
    life.facts.relink.value->state = core::RelinkProgress::State::pending;
    life.round();
    server_says(life, core::FileServerFacts::Answer::silent);
    EXPECT_EQ(life.round().health, Status::fail);
}

// ---- restarts under systemd

void systemd_says(Life& life, const char* active, const char* job = "") {
    life.facts.systemd.value =
        core::SystemdFacts{true, "", {{"postfix.service", "loaded", active, "", job, true}}};
}

TEST(Health, ALongRestartBySystemdWarnsAndTakesNoNewMail) {
    Life life;
    life.round();
    life.stop_postfix();
    systemd_says(life, "activating", "restart");
    Verdict verdict;
    for (int i = 0; i < 12; ++i) {  // a minute: a long queue is looked at message by message
        verdict = life.round();
        ASSERT_NE(verdict.health, Status::fail) << verdict.output;
    }
    EXPECT_EQ(verdict.health, Status::warn);
    EXPECT_EQ(verdict.ready, Status::fail);
    EXPECT_EQ(of(verdict, Check::master_pid).excuse, core::Excuse::restarting);
    life.restart_postfix(800);
    systemd_says(life, "active");
    EXPECT_EQ(life.round().health, Status::pass);
}

TEST(Health, AMasterThatSystemdGaveUpFailsAtOnce) {
    Life life;
    life.round();
    life.stop_postfix();
    systemd_says(life, "failed");
    const Verdict verdict = life.round(1ms);
    EXPECT_EQ(verdict.health, Status::fail);
    EXPECT_THAT(verdict.output, StartsWith("master_pid stale"));
}

TEST(Health, ARestartForEverIsAFault) {
    Life life;
    life.round();
    life.stop_postfix();
    systemd_says(life, "activating");
    life.round();
    EXPECT_EQ(life.round().health, Status::warn);
    life.pass_time(core::longest_restart);
    EXPECT_EQ(life.round().health, Status::fail);
}

TEST(Health, ARestartLoopIsAFaultAlsoIfTheMasterStartsBriefly) {
    Life life;
    life.round();
    bool failed = false;
    for (int i = 0; i < 240 && !failed; ++i) {  // 20 minutes
        if (i % 3 == 0) {
            life.restart_postfix(1000 + i);
            systemd_says(life, "active");
        } else {
            life.stop_postfix();
            systemd_says(life, "activating");
        }
        failed = life.round().health == Status::fail;
    }
    EXPECT_TRUE(failed);
}

TEST(Health, AFailedStartThatAMasterOutlivedNeverCounts) {
    Life life;
    life.round();
    life.log().last_failure =
        core::StartFailure{core::StartFailure::Kind::start_failed, life.now.wall, "second", false};
    life.round();  // a second Postfix that logs to the same file; this queue's master runs
    life.stop_postfix();
    systemd_says(life, "activating");
    for (int i = 0; i < 5; ++i) {
        EXPECT_NE(life.round().health, Status::fail);
    }
}

TEST(Health, AMasterWhoseOwnStartFailsDoesNotOutliveIt) {
    Life life;
    life.round();
    life.restart_postfix(900);
    life.host().named->start_ticks = static_cast<std::uint64_t>(life.now.boot.count() / 10);
    life.log().last_failure =
        core::StartFailure{core::StartFailure::Kind::start_failed, life.now.wall, "bind", false};
    life.round(100ms);  // it has logged the cause and is not gone yet
    life.stop_postfix();
    life.round();
    const Verdict verdict = life.round();
    EXPECT_EQ(of(verdict, Check::startup_log).reason, Reason::start_failed);
}

TEST(Health, AFailedStartAfterTheMasterWasLastSeenCounts) {
    Life life;
    life.round();
    life.stop_postfix();
    life.log().last_failure =
        core::StartFailure{core::StartFailure::Kind::start_failed, life.now.wall, "it", false};
    life.round();
    const Verdict verdict = life.round();
    EXPECT_EQ(verdict.health, Status::fail);
    EXPECT_EQ(of(verdict, Check::startup_log).reason, Reason::start_failed);
}

TEST(Health, AfterALongRestartAFaultIsWatchedLikeAnyOther) {
    Life life;
    life.round();
    life.stop_postfix();
    systemd_says(life, "activating");
    for (int i = 0; i < 5; ++i) {
        life.round();
    }
    systemd_says(life, "active");  // and the new master was not looked at yet
    EXPECT_NE(life.round(1ms).health, Status::fail);
    life.restart_postfix(900);
    EXPECT_EQ(life.round(1ms).health, Status::pass);
}

TEST(Health, OneObservationIsOneRound) {
    Life life;
    life.round();
    life.stop_postfix();
    EXPECT_EQ(life.round().health, Status::pass);
    life.pass_time(4600ms);
    EXPECT_EQ(life.evaluate().health, Status::pass) << "nothing new was seen";
    life.pass_time(400ms);
    life.look_again();
    EXPECT_EQ(life.evaluate().health, Status::fail);
}

TEST(Health, AFailedStartIsExcusedWhileSystemdTriesAgain) {
    Life life;
    life.round();
    life.stop_postfix();
    systemd_says(life, "activating");
    life.round();
    life.log().last_failure =
        core::StartFailure{core::StartFailure::Kind::lock_refused, life.now.wall, "it", false};
    for (int i = 0; i < 5; ++i) {
        EXPECT_NE(life.round().health, Status::fail);
    }
    life.pass_time(core::longest_restart);
    EXPECT_EQ(life.round().health, Status::fail);
}

TEST(Health, AStartingMasterWithoutALockIsExcused) {
    Life life;
    life.round();
    life.restart_postfix(901);
    life.host().named->holds_lock = false;
    life.host().masters[0].holds_lock = false;
    systemd_says(life, "activating");
    for (int i = 0; i < 3; ++i) {
        EXPECT_NE(life.round().health, Status::fail);
    }
}

TEST(Health, BeforeItFirstServedAStartOfPostfixIsNoExcuse) {
    Life life;
    life.stop_postfix();
    systemd_says(life, "activating");
    const Verdict verdict = life.round();
    EXPECT_EQ(verdict.health, Status::fail);
    EXPECT_EQ(verdict.phase, Phase::awaiting_postfix);
}

}  // namespace
