// SPDX-License-Identifier: Apache-2.0
// Whole days of a relay in virtual time. Every random sequence is repeatable by the seed that a
// failure names.
#include "core/base/timestamp.hpp"
#include "core/maillog/startup_history.hpp"
#include "core/verdict/verdict.hpp"

#include <gtest/gtest.h>

#include <malloc.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iomanip>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "unit/core/healthy_world.hpp"

namespace {

using core::Health;
using core::Status;
using core::Verdict;
using test::World;
using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;

constexpr Milliseconds interval = 5s;
constexpr Milliseconds day = 24h;

int within(std::mt19937& random, int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
}

void server_says(World& world, core::FileServerFacts::Answer answer) {
    world.facts.file_server.value = core::FileServerFacts{answer, "10.0.0.5:2049", false, ""};
    world.facts.file_server.at = world.now;
}

void systemd_says(World& world, const char* active, const char* job) {
    world.facts.systemd.value =
        core::SystemdFacts{true, "", {{"postfix.service", "loaded", active, "running", job, true}}};
}

core::StartFailure failure(core::StartFailure::Kind kind, core::WallTime at, bool harmless) {
    return {kind, at, "fatal: the Postfix mail system is already running", harmless};
}

// ---- what may befall a relay

enum class Kind {
    innocent,    // /health never fails
    doubtful,    // fails after checks.fail_after rounds, not before
    definitive,  // fails at once
    shared,      // /health warns and /readyz fails, after checks.fail_after rounds
    restarting,  // the same at once, where systemd starts Postfix again
};

struct Event {
    const char* name;
    Kind kind;
    int least_rounds;
    int most_rounds;
    void (*spoil)(World&);
};

// Each makes the facts of one round from those of a healthy host.
constexpr int for_ever = 40;
const std::array events{
    Event{"nothing", Kind::innocent, 1, 200, [](World&) {}},
    Event{"a second start by hand", Kind::innocent, 1, for_ever,
          [](World& world) {
              world.log().last_failure = failure(core::StartFailure::Kind::already_running,
                                                 world.now.wall, /*harmless=*/true);
          }},
    Event{"a refused start while a master runs", Kind::innocent, 1, for_ever,
          [](World& world) {
              world.log().last_failure = failure(core::StartFailure::Kind::lock_refused,
                                                 world.now.wall, /*harmless=*/false);
          }},
    Event{"a failed start that was cured", Kind::innocent, 1, for_ever,
          [](World& world) {
              world.log().last_failure = failure(core::StartFailure::Kind::start_failed,
                                                 world.now.wall - 2s, /*harmless=*/false);
              world.log().last_started = world.now.wall - 1s;
          }},
    Event{"the log is gone", Kind::innocent, 1, for_ever,
          [](World& world) { world.log().source = core::StartupLogFacts::Source::missing; }},
    Event{"the log cannot be read any more", Kind::innocent, 1, for_ever,
          [](World& world) { world.log().source = core::StartupLogFacts::Source::lost; }},
    Event{"the pid file was removed under a master", Kind::innocent, 1, for_ever,
          [](World& world) { world.mount().pid_file = {}; }},
    Event{"systemd does not answer", Kind::innocent, 1, for_ever,
          [](World& world) {
              world.facts.systemd.value = core::SystemdFacts{false, "no answer", {}};
          }},
    Event{"systemd reloads Postfix", Kind::innocent, 1, for_ever,
          [](World& world) { systemd_says(world, "reloading", "reload"); }},
    Event{"a second Postfix with a queue of its own", Kind::innocent, 1, for_ever,
          [](World& world) {
              core::ProcessFacts second = test::master(900, "/var/spool/postfix-out");
              world.host().masters.push_back(second);
          }},
    Event{"the lock's question is answered", Kind::innocent, 1, for_ever,
          [](World& world) {
              world.facts.lock.value = core::LockFacts{core::LockFacts::State::held, 0, 0, ""};
          }},
    Event{"a short restart of Postfix", Kind::innocent, 1, 1,
          [](World& world) { world.stop_postfix(); }},
    Event{"a long restart of Postfix", Kind::restarting, 1, 170,
          [](World& world) {
              world.stop_postfix();
              systemd_says(world, "activating", "restart");
          }},
    Event{"an outage of the file server", Kind::shared, 1, 340,
          [](World& world) {
              world.facts.mount_hung_since = world.facts.mount.at;
              server_says(world, core::FileServerFacts::Answer::silent);
          }},
    Event{"no master, and no systemd to ask", Kind::doubtful, 1, for_ever,
          [](World& world) { world.stop_postfix(); }},
    Event{"the queue's directory is gone", Kind::doubtful, 1, for_ever,
          [](World& world) { world.mount().queue_dir.kind = core::QueueDirFacts::Kind::absent; }},
    Event{"the lease ran out", Kind::doubtful, 1, for_ever,
          [](World& world) { world.host().lease_expired = 3; }},
    Event{"no master, and systemd gave it up", Kind::definitive, 1, for_ever,
          [](World& world) {
              world.stop_postfix();
              systemd_says(world, "failed", "");
          }},
    Event{"the mount is gone", Kind::definitive, 1, for_ever,
          [](World& world) { world.host().mount.reset(); }},
    Event{"the mount is read-only", Kind::definitive, 1, for_ever,
          [](World& world) { world.host().mount->read_only = true; }},
    Event{"another file system", Kind::definitive, 1, for_ever,
          [](World& world) { world.host().mount->fstype = "tmpfs"; }},
    Event{"the link names another queue", Kind::definitive, 1, for_ever,
          [](World& world) { world.host().link.target = test::other_queue; }},
    Event{"master works in another instance's queue", Kind::definitive, 1, for_ever,
          [](World& world) {
              world.host().named = test::master(771, test::other_queue);
              world.host().masters = {*world.host().named};
          }},
};

/// A relay over time; each round makes its facts again.
class Relay : public World {
   public:
    Relay() {
        settings.checks.interval = interval;
        facts.mount_worked = true;
        healthy_ = facts;
    }

    /// All is well again; what was seen is of now.
    void mend() {
        facts = healthy_;
        look_again();
        facts.systemd.at = now;
    }

    Verdict evaluate() { return health.evaluate(facts, settings, now); }

    Health health;

   private:
    core::Facts healthy_;
};

/// What a verdict must be in this round of an event, the first of which is 1.
void expect_right(const Verdict& verdict, const Event& event, int round, int fail_after) {
    switch (event.kind) {
        case Kind::innocent:
            ASSERT_NE(verdict.health, Status::fail) << verdict.output;
            ASSERT_NE(verdict.ready, Status::fail) << verdict.ready_output;
            break;
        case Kind::doubtful:
            ASSERT_EQ(verdict.health == Status::fail, round >= fail_after) << verdict.output;
            ASSERT_EQ(verdict.ready == Status::fail, round >= fail_after) << verdict.ready_output;
            break;
        case Kind::definitive:
            ASSERT_EQ(verdict.health, Status::fail);
            ASSERT_EQ(verdict.ready, Status::fail);
            break;
        case Kind::shared:
        case Kind::restarting:
            ASSERT_NE(verdict.health, Status::fail) << verdict.output;
            ASSERT_EQ(verdict.ready == Status::fail, round >= fail_after) << verdict.ready_output;
            break;
    }
}

void expect_all_well(const Verdict& verdict) {
    ASSERT_EQ(verdict.health, Status::pass) << verdict.output;
    ASSERT_EQ(verdict.ready, Status::pass) << verdict.ready_output;
    ASSERT_EQ(verdict.output, "");
    ASSERT_EQ(verdict.mount_fault, core::MountFault::none);
}

std::size_t longest_text(const Verdict& verdict) {
    std::size_t longest = std::max(verdict.output.size(), verdict.ready_output.size());
    for (const core::Finding& finding : verdict.checks) {
        longest = std::max({longest, finding.observed.size(), finding.output.size(),
                            test::text_of(finding.remedy).size()});
    }
    return longest;
}

/// What this process has allocated and not freed. Under a sanitizer, whose allocator is another,
/// always the same.
std::size_t allocated() {
    return ::mallinfo2().uordblks;
}

struct Tally {
    int failed = 0;           // events that were to end in a failure of /health
    int transitions = 0;      // into a failing /health
    int rounds = 0;           // on the interval
    std::size_t longest = 0;  // text of any verdict
};

/// One event after another, with rounds on the interval and, as events of the kernel come, at any
/// time in between.
class Day {
   public:
    explicit Day(unsigned seed) : random_(seed) {
        relay_.settings.checks.fail_after = 2 + static_cast<int>(seed % 3);
    }

    void live(Milliseconds time, const std::function<void()>& each_hour) {
        const core::BootTime end = relay_.now.boot + time;
        ASSERT_NO_FATAL_FAILURE(
            look(interval, nullptr, 1));  // before it first serves nothing is excused
        core::BootTime hour = relay_.now.boot + 1h;
        while (relay_.now.boot < end) {
            suffer(events[static_cast<std::size_t>(
                within(random_, 0, static_cast<int>(events.size()) - 1))]);
            if (testing::Test::HasFatalFailure()) {
                return;
            }
            if (relay_.now.boot >= hour) {
                hour += 1h;
                each_hour();
            }
        }
    }

    [[nodiscard]] const Tally& tally() const { return tally_; }

   private:
    void suffer(const Event& event) {
        const int fail_after = relay_.settings.checks.fail_after;
        const int rounds = within(random_, event.least_rounds, event.most_rounds);
        SCOPED_TRACE(std::string(event.name) + ", " + std::to_string(rounds) + " rounds, " +
                     core::rfc3339(relay_.now.wall));
        for (int round = 1; round <= rounds; ++round) {
            ASSERT_NO_FATAL_FAILURE(look(interval, &event, round));
            for (int more = within(random_, 0, 2); more > 0; --more) {  // a burst is one round
                ASSERT_NO_FATAL_FAILURE(look(Milliseconds(within(random_, 0, 40)), &event, round));
            }
        }
        const bool fails = event.kind == Kind::definitive ||
                           (event.kind == Kind::doubtful && rounds >= fail_after);
        tally_.failed += fails ? 1 : 0;
        for (int round = within(random_, 1, 12); round > 0; --round) {
            ASSERT_NO_FATAL_FAILURE(look(interval, nullptr, round));
        }
    }

    void look(Milliseconds after, const Event* event, int round) {
        relay_.pass_time(after);
        relay_.mend();
        if (event != nullptr) {
            event->spoil(relay_);
        }
        const Verdict verdict = relay_.evaluate();
        tally_.rounds += after == interval ? 1 : 0;
        tally_.transitions += verdict.health == Status::fail && before_ != Status::fail ? 1 : 0;
        tally_.longest = std::max(tally_.longest, longest_text(verdict));
        before_ = verdict.health;
        if (event != nullptr) {
            expect_right(verdict, *event, round, relay_.settings.checks.fail_after);
        } else {
            expect_all_well(verdict);
        }
    }

    std::mt19937 random_;
    Relay relay_;
    Tally tally_;
    Status before_ = Status::pass;
};

TEST(Day, OfOneEventAfterAnotherEndsEachAsItShould) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Day today(seed);
        ASSERT_NO_FATAL_FAILURE(today.live(day, [] {}));
        const Tally& tally = today.tally();
        EXPECT_EQ(tally.transitions, tally.failed)
            << "each fault makes one change of the verdict, nothing else makes any";
        EXPECT_GT(tally.failed, 50);
        EXPECT_GE(tally.rounds, day / interval * 9 / 10);
        EXPECT_LT(tally.longest, 2000U) << "no text grows with time";
    }
}

TEST(Day, LeavesNoMemoryBehind) {
    Day today(7);
    today.live(2h, [] {});  // whatever is made once is made now
    const std::size_t before = allocated();
    std::size_t most = before;
    ASSERT_NO_FATAL_FAILURE(today.live(day, [&most] { most = std::max(most, allocated()); }));
    EXPECT_LT(most - before, 16U * 1024);
}

// ---- several at once

/// What nothing else that may befall it undoes or explains.
bool is_surely_broken(const core::HostFacts& host) {
    return !host.mount || host.mount->read_only || host.mount->fstype != "nfs4" ||
           host.link.target != test::own_queue;
}

TEST(Day, OfOverlappingFaultsShowsEachDefinitiveOne) {
    std::mt19937 random(11);
    for (int run = 0; run < 5; ++run) {
        Relay relay;
        std::array<int, events.size()> left{};  // rounds
        int broken = 0;
        int well = 0;
        for (Milliseconds time{}; time < day / 4; time += interval) {
            relay.pass_time(interval);
            relay.mend();
            bool any = false;
            for (std::size_t i = 0; i < events.size() && relay.host().mount; ++i) {
                left[i] = left[i] > 0                   ? left[i] - 1
                          : within(random, 0, 250) == 0 ? within(random, 1, 10)
                                                        : 0;
                if (left[i] > 0) {
                    events[i].spoil(relay);
                    any = true;
                }
            }
            const Verdict verdict = relay.evaluate();
            SCOPED_TRACE("run " + std::to_string(run) + ", " + core::rfc3339(relay.now.wall));
            if (is_surely_broken(relay.host())) {
                ASSERT_EQ(verdict.health, Status::fail);
                ASSERT_EQ(verdict.ready, Status::fail);
                ++broken;
            } else if (!any) {
                ASSERT_NO_FATAL_FAILURE(expect_all_well(verdict));
                ++well;
            }
        }
        EXPECT_GT(broken, 100);
        EXPECT_GT(well, 100);
    }
}

// ---- a wall clock that steps

/// A mail log whose stamps are those of a clock that steps, read from the beginning by each agent
/// that starts.
class SteppingLog {
   public:
    enum class Stamps { rfc3339, traditional };
    explicit SteppingLog(Stamps stamps) : stamps_(stamps) {}

    void say(core::TimePoint now, const std::string& text) {
        lines_.push_back(stamp(now.wall) + " mx " + text);
        feed(lines_.back(), now);
    }
    /// A new agent.
    void read_again(core::TimePoint now) {
        history_ = core::StartupHistory(&to_wall_time);
        for (const std::string& line : lines_) {
            feed(line, now);
        }
    }
    [[nodiscard]] const core::StartupHistory& history() const { return history_; }

   private:
    static core::WallTime to_wall_time(const std::tm& local) {
        std::tm copy = local;
        return core::WallTime(std::chrono::seconds(::timegm(&copy)));
    }
    [[nodiscard]] std::string stamp(core::WallTime time) const {
        if (stamps_ == Stamps::rfc3339) {
            return core::rfc3339(time);
        }
        const std::time_t seconds =
            std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
        std::tm broken{};
        ::gmtime_r(&seconds, &broken);
        std::ostringstream out;
        out << std::put_time(&broken, "%b %e %H:%M:%S");
        return out.str();
    }
    void feed(const std::string& line, core::TimePoint now) {
        history_.feed(line, now.boot_began(), now.wall);
    }

    Stamps stamps_;
    std::vector<std::string> lines_;
    core::StartupHistory history_{&to_wall_time};
};

constexpr const char* already =
    "postfix/postfix-script[7]: fatal: the Postfix mail system is already running";
constexpr const char* started =
    "postfix/master[771]: daemon started -- version 3.7.11, configuration /etc/postfix";
constexpr const char* stopped = "postfix/master[771]: terminating on signal 15";

/// A relay on which nothing is ever wrong but its clock.
class SteppingDay {
   public:
    enum class Agent { goes_on, is_restarted };
    SteppingDay(unsigned seed, SteppingLog::Stamps stamps, Agent agent)
        : random_(seed), log_(stamps), agent_(agent) {
        core::TimePoint earlier = relay_.now;  // an earlier boot, two hours ago
        earlier.wall -= 2h;
        log_.say(earlier, already);
        log_.say(relay_.now, started);
        relay_.settings.checks.fail_after = 1;
        relay_.mend();
        relay_.evaluate();
    }

    void live(Milliseconds time) {
        const core::BootTime end = relay_.now.boot + time;
        while (relay_.now.boot < end) {
            relay_.pass_time(interval);
            happen();
            relay_.mend();
            if (down_) {
                relay_.stop_postfix();
                systemd_says(relay_, "activating",
                             "restart");  // excuses that no master is there, and nothing else
            }
            relay_.log().last_failure = log_.history().last_failure();
            relay_.log().last_started = log_.history().last_started();
            const Verdict verdict = relay_.evaluate();
            ASSERT_NE(verdict.health, Status::fail) << latest_ << ": " << verdict.output;
            ASSERT_EQ(verdict.ready == Status::fail, down_)
                << latest_ << ": " << verdict.ready_output;
        }
    }

   private:
    void happen() {
        if (down_ && within(random_, 0, 3) == 0) {
            down_ = false;
            log_.say(relay_.now, started);
            return;
        }
        switch (within(random_, 0, 40)) {
            case 0:
            case 1: step(); break;
            case 2:
                if (!down_) {
                    log_.say(relay_.now, already);
                }
                break;
            case 3:
                if (!down_) {
                    down_ = true;
                    log_.say(relay_.now, stopped);
                }
                break;
            case 4:
                if (!down_ && agent_ == Agent::is_restarted) {
                    relay_.health = Health();
                    log_.read_again(relay_.now);
                }
                break;
            default: break;
        }
    }
    void step() {
        static constexpr std::array<std::chrono::seconds, 7> sizes{1s,  90s,      30min,    3h,
                                                                   36h, 24h * 40, 24h * 800};
        const auto size =
            sizes[static_cast<std::size_t>(within(random_, 0, static_cast<int>(sizes.size()) - 1))];
        const bool back = within(random_, 0, 1) == 0;
        relay_.now.wall += back ? -size : size;
        latest_ = "after a step to " + core::rfc3339(relay_.now.wall);
    }

    std::mt19937 random_;
    Relay relay_;
    SteppingLog log_;
    Agent agent_;
    bool down_ = false;
    std::string latest_ = "before any step";
};

void live_with_stepping_clocks(SteppingDay::Agent agent) {
    for (const auto stamps : {SteppingLog::Stamps::rfc3339, SteppingLog::Stamps::traditional}) {
        for (unsigned seed = 1; seed <= 3; ++seed) {
            SCOPED_TRACE("seed " + std::to_string(seed) + ", stamps " +
                         std::to_string(static_cast<int>(stamps)));
            SteppingDay today(seed, stamps, agent);
            ASSERT_NO_FATAL_FAILURE(today.live(day));
        }
    }
}

TEST(Day, OfAClockThatStepsBothWaysNeverFails) {
    live_with_stepping_clocks(SteppingDay::Agent::goes_on);
}

TEST(Day, OfASteppingClockNeverFailsARestartedAgent) {
    live_with_stepping_clocks(SteppingDay::Agent::is_restarted);
}

// What another mail system of this host logs goes to the same log. Seen while a master of this
// queue stood, it is not why that master is gone later.
TEST(Day, WithAFailedSecondPostfixToleratesALongRestart) {
    Relay relay;
    relay.mend();
    ASSERT_EQ(relay.evaluate().health, Status::pass);
    const auto second_failed =
        failure(core::StartFailure::Kind::start_failed, relay.now.wall, /*harmless=*/false);
    for (int round = 0; round < 12; ++round) {
        relay.pass_time(interval);
        relay.mend();
        relay.log().last_failure = second_failed;
        ASSERT_EQ(relay.evaluate().health, Status::pass);
    }
    for (int round = 0; round < 12; ++round) {
        relay.pass_time(interval);
        relay.mend();
        relay.log().last_failure = second_failed;
        relay.stop_postfix();
        systemd_says(relay, "activating", "restart");
        const Verdict verdict = relay.evaluate();
        ASSERT_NE(verdict.health, Status::fail) << verdict.output;
    }
}

}  // namespace
