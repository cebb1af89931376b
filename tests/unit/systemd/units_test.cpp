// SPDX-License-Identifier: Apache-2.0
#include "systemd/units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>

#include <algorithm>

#include "unit/systemd/bus.hpp"

namespace {

using core::UnitFacts;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

const UnitFacts running{"postfix@-.service", "loaded", "active", "running", "", true};
const UnitFacts grouping{"postfix.service", "loaded", "active", "exited", "", false};

class Units : public testing::Test {
   protected:
    using Facts = core::SystemdFacts;

    void SetUp() override {
        if (!tests::enter_private_mounts()) {
            GTEST_SKIP() << "needs root, and mounts of its own";
        }
    }

    void start(bool with_units = true) {
        bus_.start();
        systemd_ = std::make_unique<tests::FakeSystemd>();
        if (with_units) {
            systemd_->send("unit postfix.service loaded active exited oneshot");
            systemd_->send("unit postfix@-.service loaded active running forking");
        }
    }

    /// Waits as the worker does. False after 10 seconds.
    bool until(const std::function<bool(const Facts&)>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        units_.process();
        while (!condition(units_.facts())) {
            if (std::chrono::steady_clock::now() > deadline) {
                return false;
            }
            pollfd waited = units_.descriptor();
            const int timeout = units_.timeout_ms();
            ::poll(&waited, 1, timeout < 0 ? 200 : std::min(timeout, 200));
            const auto before = std::chrono::steady_clock::now();
            units_.process();
            longest_ = std::max(longest_, std::chrono::steady_clock::now() - before);
        }
        return true;
    }
    bool until_known() {
        return until([](const Facts& facts) { return facts.reachable; });
    }
    bool until_units(std::vector<UnitFacts> units) {
        const bool so =
            until([&](const Facts& facts) { return facts.reachable && facts.units == units; });
        if (!so) {
            EXPECT_EQ(units_.facts().error, "");
            EXPECT_EQ(units_.facts().units.size(), units.size());
            for (const UnitFacts& unit : units_.facts().units) {
                ADD_FAILURE() << "seen: " << unit.name << " " << unit.active_state << " "
                              << unit.sub_state << " " << unit.job << " " << unit.has_processes;
            }
        }
        return so;
    }

    tests::Bus bus_;
    std::unique_ptr<tests::FakeSystemd> systemd_;
    systemd::Units units_{
        {.answer = 300ms, .silence = 400ms, .first_retry = 20ms, .last_retry = 100ms}};
    std::chrono::steady_clock::duration longest_{};
};

TEST_F(Units, AreReadAtOnceAndOnlyThoseThatRunPostfix) {
    start();
    systemd_->send("unit postfix-elb-agent.service loaded active running notify");
    systemd_->send("unit postfix-resolvconf.service loaded inactive dead oneshot");
    systemd_->send("unit postfix@out.service loaded failed failed forking");
    EXPECT_TRUE(until_units(
        {grouping, running, {"postfix@out.service", "loaded", "failed", "failed", "", true}}));
}

TEST_F(Units, OfTypeOneshotHaveNoProcesses) {
    start();
    ASSERT_TRUE(until_known());
    systemd_->send("unit postfix.service loaded inactive dead oneshot");
    systemd_->send("unit postfix@-.service loaded active exited forking");
    EXPECT_TRUE(until_units({{"postfix.service", "loaded", "inactive", "dead", "", false},
                             {"postfix@-.service", "loaded", "active", "exited", "", false}}));
}

TEST_F(Units, FollowAStopAndAStart) {
    start();
    ASSERT_TRUE(until_units({grouping, running}));
    const std::string name = "postfix@-.service";
    systemd_->send("job " + name + " restart");
    EXPECT_TRUE(until_units({grouping, {name, "loaded", "active", "running", "restart", true}}));
    systemd_->send("unit " + name + " loaded deactivating stop-sigterm forking");
    EXPECT_TRUE(
        until_units({grouping, {name, "loaded", "deactivating", "stop-sigterm", "restart", true}}));
    systemd_->send("unit " + name + " loaded activating start forking");
    systemd_->send("unit " + name + " loaded active running forking");
    systemd_->send("done " + name);
    EXPECT_TRUE(until_units({grouping, running}));
}

TEST_F(Units, AreSettledWhenSystemdHasAnsweredTheLastQuestion) {
    const auto settled = [this](const Facts&) { return units_.is_settled(); };
    start();
    ASSERT_TRUE(until_units({grouping, running}));
    ASSERT_TRUE(until(settled));
    systemd_->hang();
    units_.ask_again();
    units_.process();
    EXPECT_FALSE(units_.is_settled());
    EXPECT_THAT(units_.facts().units, ElementsAre(grouping, running)) << "what is known meanwhile";
    systemd_->thaw();
    systemd_->send("unit postfix@-.service loaded deactivating stop-sigterm forking");
    units_.ask_again();
    ASSERT_TRUE(until(settled));
    EXPECT_EQ(units_.facts().units.back().active_state, "deactivating");
}

TEST_F(Units, AreSettledWithoutABusToAsk) {
    EXPECT_TRUE(until([](const Facts& facts) { return !facts.error.empty(); }));
    units_.ask_again();
    EXPECT_TRUE(units_.is_settled());
}

TEST_F(Units, AreFoundWhenLoadedAndForgottenWhenUnloaded) {
    start(false);
    ASSERT_TRUE(until_known());
    EXPECT_THAT(units_.facts().units, IsEmpty());
    systemd_->send("unit postfix.service loaded active running forking");
    EXPECT_TRUE(until_units({{"postfix.service", "loaded", "active", "running", "", true}}));
    systemd_->send("unit postfix.service loaded failed failed forking");
    EXPECT_TRUE(until_units({{"postfix.service", "loaded", "failed", "failed", "", true}}));
    systemd_->send("gone postfix.service");
    EXPECT_TRUE(until_units({}));
}

TEST_F(Units, AreReadAgainAfterADaemonReload) {
    start(false);
    systemd_->send("unit postfix.service loaded inactive dead oneshot");
    EXPECT_TRUE(until_units({{"postfix.service", "loaded", "inactive", "dead", "", false}}));
    systemd_->send("unit postfix.service loaded inactive dead forking");
    systemd_->send("reload");
    EXPECT_TRUE(until_units({{"postfix.service", "loaded", "inactive", "dead", "", true}}));
}

TEST_F(Units, AreBoundedInNumber) {
    start(false);
    for (int i = 0; i < 20; ++i) {
        systemd_->send("unit postfix@" + std::to_string(i) +
                       ".service loaded active running forking");
    }
    ASSERT_TRUE(until_known());
    EXPECT_THAT(units_.facts().units, SizeIs(systemd::max_units));
}

TEST_F(Units, AreNotAskedForWhenOtherUnitsChange) {
    start();
    // Once, and once more when what changes is watched.
    ASSERT_TRUE(until(
        [&](const Facts& facts) { return facts.reachable && systemd_->send("asked") == "2"; }));
    systemd_->send("unit cron.service loaded active running simple");
    systemd_->send("job cron.service restart");
    systemd_->send("unit cron.service loaded failed failed simple");
    systemd_->send("job postfix@-.service start");
    EXPECT_TRUE(until_units(
        {grouping, {"postfix@-.service", "loaded", "active", "running", "start", true}}));
    EXPECT_EQ(systemd_->send("asked"), "3");
}

TEST_F(Units, StayWhileSystemdHangsAndAreCurrentOnceItAnswers) {
    start();
    ASSERT_TRUE(until_units({grouping, running}));
    systemd_->hang();
    ASSERT_TRUE(until([&](const Facts& facts) {
        units_.ask();  // as the agent does every few seconds; it asks when the last answer is old
        return !facts.reachable;
    }));
    EXPECT_EQ(units_.facts().error, "systemd does not answer on the system bus");
    EXPECT_THAT(units_.facts().units, ElementsAre(grouping, running));
    systemd_->thaw();
    EXPECT_TRUE(until_units({grouping, running}));
    EXPECT_LT(longest_, 100ms);
}

TEST_F(Units, AreFoundOnceThereIsABus) {
    EXPECT_TRUE(until(
        [](const Facts& facts) { return facts.error.find("No such file") != std::string::npos; }));
    EXPECT_FALSE(units_.facts().reachable);
    EXPECT_THAT(units_.facts().units, IsEmpty());
    start();
    EXPECT_TRUE(until_units({grouping, running}));
}

TEST_F(Units, OutliveTheBus) {
    start();
    ASSERT_TRUE(until_units({grouping, running}));
    bus_.stop();
    ASSERT_TRUE(until([](const Facts& facts) { return !facts.reachable; }));
    EXPECT_THAT(units_.facts().error, HasSubstr("the system bus"));
    EXPECT_THAT(units_.facts().units, ElementsAre(grouping, running));
    systemd_.reset();
    start(false);
    systemd_->send("unit postfix.service loaded inactive dead oneshot");
    EXPECT_TRUE(until_units({{"postfix.service", "loaded", "inactive", "dead", "", false}}));
}

TEST_F(Units, AreUnknownAtOnceWhenConnectingToTheBusHangs) {
    start();
    bus_.hang();
    ASSERT_TRUE(until([](const Facts& facts) {
        return facts.error.find("does not answer") != std::string::npos;
    }));
    EXPECT_LT(longest_, 100ms);
    bus_.thaw();
    EXPECT_TRUE(until_units({grouping, running}));
}

TEST_F(Units, SurviveARestartOfSystemd) {
    start();
    ASSERT_TRUE(until_units({grouping, running}));
    systemd_.reset();
    ASSERT_TRUE(until([](const Facts& facts) { return !facts.reachable; }));
    EXPECT_EQ(units_.facts().error, "systemd has left the system bus");
    systemd_ = std::make_unique<tests::FakeSystemd>();
    ASSERT_TRUE(until_known());
    systemd_->send("unit postfix.service loaded active running forking");  // signals come again
    EXPECT_TRUE(until_units({{"postfix.service", "loaded", "active", "running", "", true}}));
}

TEST_F(Units, AreUnknownWhileSystemdRefusesAndAreAskedForAgain) {
    start();
    systemd_->send("refuse org.freedesktop.DBus.Error.AccessDenied");
    ASSERT_TRUE(until([](const Facts& facts) {
        return facts.error.find("refused by the test") != std::string::npos;
    }));
    EXPECT_FALSE(units_.facts().reachable);
    systemd_->send("refuse");
    EXPECT_TRUE(until_units({grouping, running}));
}

}  // namespace
