// SPDX-License-Identifier: Apache-2.0
// On a real bus, against a service that follows systemd's documentation.
#include "systemd/unit_properties.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/systemd/bus.hpp"

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* postfix = "postfix@-.service";

class UnitProperties : public testing::Test {
   protected:
    void SetUp() override { bus_.start(); }

    tests::Bus bus_;
};

TEST_F(UnitProperties, EveryPropertyOfAServiceIsRead) {
    tests::FakeSystemd systemd;
    systemd.send(std::string("unit ") + postfix + " loaded active running forking");
    const auto property = [&](const std::string& rest) {
        EXPECT_EQ(systemd.send(std::string("property ") + postfix + " " + rest), "ok");
    };
    property(R"(UnitFileState s "enabled")");
    property(R"(StatusText s "pass\nand more")");
    property(R"(PIDFile s "/var/spool/postfix/pid/master.pid")");
    property(R"(After as ["remote-fs.target", "Mail.mount"])");
    property(R"(Requires as ["sysinit.target"])");
    property(R"(BindsTo as ["Mail.mount"])");
    property(R"(RequiresMountsFor as ["/Mail"])");
    property(R"(DefaultDependencies b false)");
    property(R"(NeedDaemonReload b true)");
    property(R"(TimeoutStartUSec t 90000000)");
    property(R"(ActiveEnterTimestamp t 5)");
    property(R"(ActiveEnterTimestampMonotonic t 4)");
    property(R"(Nonsense as ["x"])");
    property(
        R"(ExecCondition a(sasbttttuii) [["/usr/sbin/agent", ["agent", "gate"], true, 0, 0, 0, 0, 0, 0, 0]])");
    property(
        R"(ExecStartPre a(sasbttttuii) [["/bin/first", ["first"], false, 0, 0, 0, 0, 0, 0, 0],)"
        R"( ["/bin/second", [], false, 0, 0, 0, 0, 0, 0, 0]])");

    const auto units = systemd::read_units({postfix});
    ASSERT_TRUE(units) << units.error().message;
    ASSERT_EQ(units->size(), 1U);
    const core::UnitProperties& unit = units->front();
    EXPECT_EQ(unit.name, postfix);
    EXPECT_EQ(unit.load_state + unit.active_state + unit.sub_state + unit.type,
              "loadedactiverunningforking");
    EXPECT_EQ(unit.unit_file_state, "enabled");
    EXPECT_EQ(unit.status_text, "pass?and more") << "fit for one line";
    EXPECT_EQ(unit.pid_file, "/var/spool/postfix/pid/master.pid");
    EXPECT_THAT(unit.after, ElementsAre("remote-fs.target", "Mail.mount"));
    EXPECT_THAT(unit.required, testing::UnorderedElementsAre("sysinit.target", "Mail.mount"));
    EXPECT_THAT(unit.mounts_required, ElementsAre("/Mail"));
    EXPECT_FALSE(unit.default_dependencies);
    EXPECT_TRUE(unit.needs_daemon_reload);
    EXPECT_EQ(unit.start_timeout_us, 90'000'000U);
    EXPECT_EQ(unit.active_since_us, 5U);
    EXPECT_EQ(unit.active_since_monotonic_us, 4U);
    ASSERT_EQ(unit.before_start.size(), 3U);
    EXPECT_THAT(unit.before_start[0].words, ElementsAre("/usr/sbin/agent", "gate"));
    EXPECT_TRUE(unit.before_start[0].failure_ignored);
    EXPECT_THAT(unit.before_start[1].words, ElementsAre("/bin/first"));
    EXPECT_FALSE(unit.before_start[1].failure_ignored);
    EXPECT_THAT(unit.before_start[2].words, ElementsAre("/bin/second"));
}

TEST_F(UnitProperties, TheAddressesOfASocketAreRead) {
    tests::FakeSystemd systemd;
    systemd.send("unit a.socket loaded active listening -");
    systemd.send(
        R"(property a.socket Listen a(ss) [["Stream", "[::]:8025"], ["Stream", "/run/a"]])");
    const auto units = systemd::read_units({"a.socket"});
    ASSERT_TRUE(units) << units.error().message;
    EXPECT_THAT(units->front().listens, ElementsAre("[::]:8025", "/run/a"));
}

TEST_F(UnitProperties, AMissingUnitKeepsItsPlaceAsNotFound) {
    tests::FakeSystemd systemd;
    systemd.send("unit a.service loaded active running simple");
    const auto units = systemd::read_units({"b.service", "a.service", R"(srv-my\x2dmail.mount)"});
    ASSERT_TRUE(units) << units.error().message;
    ASSERT_EQ(units->size(), 3U);
    EXPECT_EQ(units->at(0).load_state, "not-found");
    EXPECT_EQ(units->at(1).load_state, "loaded");
    EXPECT_EQ(units->at(2).name, R"(srv-my\x2dmail.mount)");
}

TEST_F(UnitProperties, APropertyOfAnotherTypeIsSkipped) {
    tests::FakeSystemd systemd;
    systemd.send("unit a.service loaded active running simple");
    systemd.send(R"(property a.service After s "text")");
    const auto units = systemd::read_units({"a.service"});
    ASSERT_TRUE(units) << units.error().message;
    EXPECT_THAT(units->front().after, IsEmpty());
}

TEST_F(UnitProperties, AHungSystemdTimesOut) {
    tests::FakeSystemd systemd;
    systemd.hang();
    const auto began = std::chrono::steady_clock::now();
    const auto units = systemd::read_units({"a.service"}, 300ms);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    ASSERT_FALSE(units);
    EXPECT_EQ(units.error().code, core::Errc::timed_out);
    systemd.thaw();
}

TEST_F(UnitProperties, AHungBusTimesOut) {
    bus_.hang();
    const auto units = systemd::read_units({"a.service"}, 300ms);
    ASSERT_FALSE(units);
    EXPECT_EQ(units.error().code, core::Errc::timed_out);
    bus_.thaw();
}

TEST_F(UnitProperties, AMissingSystemdOrBusIsAnError) {
    const auto units = systemd::read_units({"a.service"});
    ASSERT_FALSE(units);
    EXPECT_EQ(units.error().code, core::Errc::unavailable);
    EXPECT_THAT(units.error().message, HasSubstr("systemd cannot be asked over the system bus: "));
    bus_.stop();
    EXPECT_FALSE(systemd::read_units({"a.service"}));
}

}  // namespace
