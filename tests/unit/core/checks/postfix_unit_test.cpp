// SPDX-License-Identifier: Apache-2.0
#include "core/checks/postfix_unit.hpp"

#include "core/checks/checks.hpp"

#include <gtest/gtest.h>

#include "unit/core/healthy_world.hpp"

namespace {

using State = core::PostfixUnit::State;

core::UnitFacts unit(const char* active, const char* sub, const char* job = "") {
    return {"postfix.service", "loaded", active, sub, job, true};
}

core::PostfixUnit judged(std::vector<core::UnitFacts> units) {
    core::Facts facts;
    facts.systemd.value = core::SystemdFacts{true, "", std::move(units)};
    return core::postfix_unit(facts);
}

TEST(PostfixUnit, IsUnknownWhileSystemdIsUnreachable) {
    core::Facts facts;
    EXPECT_EQ(core::postfix_unit(facts).state, State::unknown);
    facts.systemd.value = core::SystemdFacts{false, "no bus", {unit("failed", "failed")}};
    EXPECT_EQ(core::postfix_unit(facts).state, State::unknown);
}

TEST(PostfixUnit, IsUnknownWithoutAUnit) {
    EXPECT_EQ(judged({}).state, State::unknown);
    core::UnitFacts absent = unit("inactive", "dead");
    absent.load_state = "not-found";
    EXPECT_EQ(judged({absent}).state, State::unknown);
}

TEST(PostfixUnit, EachStateOfAUnitHasItsMeaning) {
    EXPECT_EQ(judged({unit("active", "running")}).state, State::up);
    EXPECT_EQ(judged({unit("activating", "start-pre")}).state, State::changing);
    EXPECT_EQ(judged({unit("activating", "auto-restart")}).state, State::changing);
    EXPECT_EQ(judged({unit("reloading", "reload")}).state, State::changing);
    EXPECT_EQ(judged({unit("deactivating", "stop-sigterm", "restart")}).state, State::changing);
    EXPECT_EQ(judged({unit("deactivating", "stop-sigterm")}).state, State::up);
    EXPECT_EQ(judged({unit("inactive", "dead", "start")}).state, State::changing);
    EXPECT_EQ(judged({unit("inactive", "dead")}).state, State::down);
    EXPECT_EQ(judged({unit("inactive", "dead", "stop")}).state, State::down);
    EXPECT_EQ(judged({unit("failed", "failed")}).state, State::down);
}

TEST(PostfixUnit, AUnitWithoutProcessesIsIgnoredBesideARealOne) {
    core::UnitFacts group = unit("active", "exited");
    group.has_processes = false;
    core::UnitFacts real = unit("failed", "failed");
    real.name = "postfix@-.service";
    EXPECT_EQ(judged({group, real}).state, State::down);
    EXPECT_EQ(judged({group}).state, State::up);
}

TEST(PostfixUnit, ReportsTheUnitAndItsState) {
    EXPECT_EQ(judged({unit("activating", "start-pre", "restart")}).text,
              "postfix.service is activating (start-pre), job restart");
    EXPECT_EQ(judged({unit("failed", "failed")}).text, "postfix.service is failed");
}

// ---- what the check of master makes of it

core::Finding master_pid_with(core::UnitFacts facts_of_unit) {
    test::World world;
    world.stop_postfix();
    world.facts.systemd.value = core::SystemdFacts{true, "", {std::move(facts_of_unit)}};
    return core::check_master_pid(world.facts, world.settings, world.now);
}

TEST(PostfixUnit, AMissingMasterOfADownUnitIsDefinitive) {
    const core::Finding finding = master_pid_with(unit("failed", "failed"));
    EXPECT_EQ(finding.status, core::Status::fail);
    EXPECT_EQ(finding.certainty, core::Certainty::definitive);
    EXPECT_NE(finding.output.find("postfix.service is failed"), std::string::npos)
        << finding.output;
}

TEST(PostfixUnit, AMissingMasterIsExcusedWhileSystemdStartsIt) {
    const core::Finding finding = master_pid_with(unit("activating", "start"));
    EXPECT_EQ(finding.status, core::Status::fail);
    EXPECT_EQ(finding.certainty, core::Certainty::doubtful);
    EXPECT_EQ(finding.excuse, core::Excuse::restarting);
}

TEST(PostfixUnit, ThatIsUpMissesAMasterThatIsNotProven) {
    test::World world;
    const auto misses = [&world](core::UnitFacts facts_of_unit) {
        world.facts.systemd.value = core::SystemdFacts{true, "", {std::move(facts_of_unit)}};
        return core::unit_misses_its_master(world.facts, world.settings);
    };
    EXPECT_FALSE(misses(unit("active", "running")));
    world.stop_postfix();
    EXPECT_TRUE(misses(unit("active", "running")));
    EXPECT_FALSE(misses(unit("activating", "start")));
    EXPECT_FALSE(misses(unit("failed", "failed")));
    world.facts.instance_id.clear();
    EXPECT_FALSE(misses(unit("active", "running")));
}

TEST(PostfixUnit, AMasterInAnotherQueueIsNotExcusedByAStart) {
    test::World world;
    world.stop_postfix();
    world.host().masters = {test::master(99, test::other_queue)};
    world.facts.systemd.value = core::SystemdFacts{true, "", {unit("activating", "start")}};
    const core::Finding finding = core::check_master_pid(world.facts, world.settings, world.now);
    EXPECT_EQ(finding.reason, core::Reason::wrong_queue);
    EXPECT_EQ(finding.excuse, core::Excuse::none);
}

TEST(LockMatters, OfAProvenMasterWhereTheServerKeepsLocks) {
    test::World world;
    EXPECT_TRUE(core::lock_matters(world.facts, world.settings));
    world.host().mount->fstype = "ext4";
    EXPECT_FALSE(core::lock_matters(world.facts, world.settings));
}

TEST(LockMatters, WhileARefusedStartHasNoMaster) {
    test::World world;
    world.host().mount->fstype = "ext4";
    EXPECT_FALSE(core::lock_matters(world.facts, world.settings));
    world.stop_postfix();
    EXPECT_FALSE(core::lock_matters(world.facts, world.settings));
    world.log().last_failure = {core::StartFailure::Kind::already_running, world.now.wall,
                                "the line", false};
    EXPECT_TRUE(core::lock_matters(world.facts, world.settings));
    world.log().last_failure->kind = core::StartFailure::Kind::start_failed;
    EXPECT_FALSE(core::lock_matters(world.facts, world.settings));
    world.log().last_failure->kind = core::StartFailure::Kind::lock_refused;
    world.host().masters = {test::master(771, test::own_queue)};
    EXPECT_FALSE(core::lock_matters(world.facts, world.settings));
}

}  // namespace
