// SPDX-License-Identifier: Apache-2.0
#include "agent/report/health_json.hpp"

#include "agent/report/health_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/core/healthy_world.hpp"

namespace {

using agent::HealthView;
using agent::JsonStyle;
using core::Check;
using core::Status;
using nlohmann::json;
using test::World;
using testing::HasSubstr;
using namespace std::chrono_literals;

const agent::Release release{"0.1", "0.1.0"};

core::Verdict verdict_of(const World& world) {
    core::Health health;
    return health.evaluate(world.facts, world.settings, world.now);
}

json rendered(const core::Verdict& verdict, HealthView view = {}) {
    return json::parse(agent::render_health(verdict, view, JsonStyle::compact, release));
}

World without_mount() {
    World world;
    world.host().mount.reset();
    return world;
}

TEST(HealthJson, OfAHealthyHostHasNoOutputAndNoReason) {
    const json body = rendered(verdict_of(World()));
    EXPECT_EQ(body["status"], "pass");
    EXPECT_EQ(body["serviceId"], test::own_id);
    EXPECT_EQ(body["version"], "0.1");
    EXPECT_EQ(body["releaseId"], "0.1.0");
    EXPECT_EQ(body["phase"], "serving");
    EXPECT_FALSE(body.contains("output"));
    ASSERT_EQ(body["checks"].size(), core::check_count);
    EXPECT_EQ(body["checks"]["queue_link"],
              json::parse(R"([{"status": "pass", "observedValue": "/Mail/i-0123456789abcdef0",
                               "time": "2026-11-22T10:00:00.000Z"}])"));
}

TEST(HealthJson, OfAFaultSaysReasonOutputAndRemedy) {
    const core::Verdict verdict = verdict_of(without_mount());
    const json body = rendered(verdict);
    EXPECT_EQ(body["status"], "fail");
    EXPECT_EQ(body["output"], "mount missing: nothing is mounted at /Mail");
    const json& mount = body["checks"]["mount"][0];
    EXPECT_EQ(mount["reason"], "missing");
    EXPECT_EQ(mount["output"], "nothing is mounted at /Mail");
    EXPECT_THAT(mount["remedy"].get<std::string>(), HasSubstr("Mount the shared file system"));
    EXPECT_EQ(mount["commands"][0], "sudo mount /Mail");
    EXPECT_EQ(mount["commands"][1], "grep -F /Mail /etc/fstab");
    EXPECT_FALSE(mount.contains("observedValue"));
}

TEST(HealthJson, WhatWasNeverLookedAtHasNoTimeAndAnUnknownIdIsAbsent) {
    const json body = rendered(core::Health().evaluate({}, {}, test::moment()));
    EXPECT_FALSE(body.contains("serviceId"));
    EXPECT_FALSE(body["checks"]["mount"][0].contains("time"));
}

TEST(HealthJson, OfOneCheckHoldsThatCheckAloneAndItsStatus) {
    const core::Verdict verdict = verdict_of(without_mount());
    const HealthView mount{HealthView::Kind::check, Check::mount};
    const HealthView relink{HealthView::Kind::check, Check::relink};
    EXPECT_EQ(agent::status_of(verdict, mount), Status::fail);
    EXPECT_EQ(agent::status_of(verdict, relink), Status::pass);
    EXPECT_EQ(rendered(verdict, mount)["output"], "nothing is mounted at /Mail");
    const json body = rendered(verdict, relink);
    EXPECT_EQ(body["status"], "pass");
    EXPECT_FALSE(body.contains("output"));
    ASSERT_EQ(body["checks"].size(), 1U);
    EXPECT_TRUE(body["checks"].contains("relink"));
}

TEST(HealthJson, OfReadinessSaysWhyNoMailIsWantedOnAHealthyHost) {
    const World world;
    core::Health health;
    health.drain();
    const core::Verdict verdict = health.evaluate(world.facts, world.settings, world.now);
    EXPECT_EQ(rendered(verdict)["status"], "pass");
    const json ready = rendered(verdict, {HealthView::Kind::ready, Check::mount});
    EXPECT_EQ(ready["status"], "fail");
    EXPECT_EQ(ready["output"], "no new mail is wanted here: draining");
}

TEST(HealthJson, IsValidWhateverBytesALinkOrAnErrorBrought) {
    World world;
    world.host().link.target = "/Mail/\xff\xfe\"\n\x01";
    core::Verdict verdict = verdict_of(world);
    verdict.checks[1].observed = "\xc3(\xff";  // not even made printable
    const std::string text = agent::render_health(verdict, {}, JsonStyle::compact, release);
    EXPECT_FALSE(json::parse(text, nullptr, false).is_discarded()) << text;
    EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST(HealthJson, IsIndentedForPeopleAndTheSameOtherwise) {
    const core::Verdict verdict = verdict_of(World());
    const std::string pretty = agent::render_health(verdict, {}, JsonStyle::pretty, release);
    EXPECT_THAT(pretty, testing::StartsWith("{\n  \"status\": \"pass\",\n  \"serviceId\": "));
    EXPECT_EQ(json::parse(pretty), rendered(verdict));
}

TEST(HealthReport, ReadFromJsonIsTheOneOfTheVerdict) {
    World world = without_mount();
    world.pass_time(9s);
    const core::Verdict verdict = verdict_of(world);
    const auto parsed = agent::parse_health(
        agent::render_health(verdict, {}, JsonStyle::compact, release), world.now.wall);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    EXPECT_EQ(agent::render_table(*parsed), agent::render_table(agent::report_of(verdict)));
    EXPECT_EQ(parsed->rows.at(1).age, 9s);
}

TEST(HealthReport, SkipsWhatItDoesNotKnow) {
    const auto report = agent::parse_health(
        R"({"status":"warn","notes":["x"],"checks":{"disk":[{"status":"warn","unit":7}]}})",
        test::moment().wall);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_EQ(report->status, Status::warn);
    ASSERT_EQ(report->rows.size(), 1U);
    EXPECT_EQ(report->rows[0].check, "disk");
    EXPECT_FALSE(report->rows[0].age.has_value());
}

TEST(HealthReport, NamesTheMemberThatIsWrong) {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"", "not a JSON object"},
        {"<html>", "not a JSON object"},
        {"[]", "not a JSON object"},
        {"{}", "$.status is none of pass, warn, fail"},
        {R"({"status":"ok","checks":{}})", "$.status is none of"},
        {R"({"status":7,"checks":{}})", "$.status is not a string"},
        {R"({"status":"pass"})", "$.checks is not an object"},
        {R"({"status":"pass","checks":[]})", "$.checks is not an object"},
        {R"({"status":"pass","phase":[],"checks":{}})", "$.phase is not a string"},
        {R"({"status":"pass","checks":{"mount":{}}})", "$.checks.mount is not an array of objects"},
        {R"({"status":"pass","checks":{"mount":[1]}})",
         "$.checks.mount is not an array of objects"},
        {R"({"status":"pass","checks":{"mount":[{}]}})", "$.checks.mount.status is none of"},
        {R"({"status":"pass","checks":{"mount":[{"status":"pass","output":1}]}})",
         "$.checks.mount.output is not a string"},
        {R"({"status":"pass","checks":{"mount":[{"status":"pass","time":"yesterday"}]}})",
         "$.checks.mount.time is not"},
        {R"({"status":"pass","checks":{"mount":[{"status":"pass","time":"2026-13-22T10:00:00.000Z"}]}})",
         "$.checks.mount.time is not"}};
    for (const auto& [text, message] : wrong) {
        const auto report = agent::parse_health(text, test::moment().wall);
        ASSERT_TRUE(report.has_error()) << text;
        EXPECT_EQ(report.error().code, core::Errc::malformed);
        EXPECT_THAT(report.error().message, HasSubstr(message)) << text;
    }
}

}  // namespace
