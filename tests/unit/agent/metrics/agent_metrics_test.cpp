// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/agent_metrics.hpp"

#include "agent/base/clock.hpp"
#include "agent/base/file_descriptor.hpp"
#include "agent/metrics/process_usage.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace agent {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

core::Verdict verdict_of(core::Status status, core::Reason mount_reason = core::Reason::none) {
    core::Verdict verdict;
    verdict.at = now();
    verdict.health = status;
    verdict.ready = status;
    for (const core::Check check : core::all_checks()) {
        core::Finding& finding = verdict.checks[static_cast<std::size_t>(check)];
        finding.check = check;
        finding.status = status;
        finding.at = verdict.at;
    }
    verdict.checks[0].reason = mount_reason;
    return verdict;
}

std::string line(const std::string& text) {
    return "\n" + text + "\n";
}

/// The value of a series; fails the test if there is none.
double value_of(const std::string& rendered, const std::string& series) {
    const std::size_t at = rendered.find("\n" + series + " ");
    EXPECT_NE(at, std::string::npos) << series;
    return at == std::string::npos
               ? -1
               : std::strtod(rendered.c_str() + at + series.size() + 2, nullptr);
}

TEST(Metrics, EverySeriesOfTheClosedVocabulariesIsThereFromTheStart) {
    Metrics metrics;
    const std::string text = metrics.render();
    for (const core::ReasonInfo& info : core::all_reasons()) {
        EXPECT_THAT(text, HasSubstr(line("postfix_elb_agent_check_reason{check=\"" +
                                         std::string(to_string(info.check)) + "\",reason=\"" +
                                         std::string(to_string(info.reason)) + "\"} 0")));
    }
    for (const core::Check check : core::all_checks()) {
        for (const char* state : {"pass", "warn", "fail"}) {
            const std::string labels =
                "{check=\"" + std::string(to_string(check)) + "\",state=\"" + state + "\"} 0";
            EXPECT_THAT(text, HasSubstr(line("postfix_elb_agent_check_status" + labels)));
            EXPECT_THAT(text,
                        HasSubstr(line("postfix_elb_agent_check_transitions_total" + labels)));
        }
    }
    EXPECT_THAT(
        text,
        HasSubstr(line("postfix_elb_agent_health_status{endpoint=\"health\",state=\"fail\"} 1")));
    EXPECT_THAT(text, HasSubstr(line("postfix_elb_agent_relink_outcome{outcome=\"pending\"} 1")));
    EXPECT_THAT(text, HasSubstr(line("postfix_elb_agent_mount_probe_stuck 0")));
    EXPECT_THAT(text, HasSubstr(line("postfix_up 0")));
    EXPECT_THAT(text, HasSubstr("\npostfix_elb_agent_build_info{version=\""));
}

TEST(Metrics, AVerdictSetsOneStateAndOneReason) {
    Metrics metrics;
    metrics.publish(verdict_of(core::Status::warn, core::Reason::hung), {});
    const std::string text = metrics.render();
    EXPECT_THAT(
        text,
        HasSubstr(line("postfix_elb_agent_health_status{endpoint=\"health\",state=\"warn\"} 1")));
    EXPECT_THAT(
        text,
        HasSubstr(line("postfix_elb_agent_health_status{endpoint=\"health\",state=\"fail\"} 0")));
    EXPECT_THAT(
        text,
        HasSubstr(line("postfix_elb_agent_health_status{endpoint=\"readyz\",state=\"warn\"} 1")));
    EXPECT_THAT(
        text, HasSubstr(line("postfix_elb_agent_check_status{check=\"mount\",state=\"warn\"} 1")));
    EXPECT_THAT(
        text, HasSubstr(line("postfix_elb_agent_check_reason{check=\"mount\",reason=\"hung\"} 1")));
    EXPECT_THAT(
        text,
        HasSubstr(line("postfix_elb_agent_check_reason{check=\"mount\",reason=\"missing\"} 0")));
    EXPECT_THAT(text, HasSubstr(line("postfix_up 1")));
    metrics.publish(verdict_of(core::Status::fail, core::Reason::missing), {});
    const std::string next = metrics.render();
    EXPECT_THAT(
        next, HasSubstr(line("postfix_elb_agent_check_reason{check=\"mount\",reason=\"hung\"} 0")));
    EXPECT_THAT(
        next,
        HasSubstr(line("postfix_elb_agent_check_reason{check=\"mount\",reason=\"missing\"} 1")));
    EXPECT_THAT(next, HasSubstr(line("postfix_up 0")));
}

TEST(Metrics, OnlyAChangeIsATransition) {
    Metrics metrics;
    for (const core::Status status :
         {core::Status::fail, core::Status::pass, core::Status::pass, core::Status::fail}) {
        metrics.publish(verdict_of(status), {});
    }
    const std::string text = metrics.render();
    EXPECT_EQ(
        value_of(text,
                 "postfix_elb_agent_check_transitions_total{check=\"relink\",state=\"pass\"}"),
        1);
    EXPECT_EQ(
        value_of(text,
                 "postfix_elb_agent_check_transitions_total{check=\"relink\",state=\"fail\"}"),
        1);
}

TEST(Metrics, AgesGrowFromTheFactsAndAnExpiredVerdictFails) {
    Metrics metrics;
    core::Verdict verdict = verdict_of(core::Status::pass);
    verdict.checks[0].at.boot -= seconds(90);
    metrics.publish(verdict, {}, now().boot + seconds(60));
    std::string text = metrics.render();
    const double age = value_of(text, "postfix_elb_agent_check_age_seconds{check=\"mount\"}");
    EXPECT_GE(age, 90);
    EXPECT_LT(age, 150);
    EXPECT_EQ(value_of(text, "postfix_elb_agent_health_status{endpoint=\"health\",state=\"pass\"}"),
              1);
    metrics.publish(verdict, {}, now().boot);
    text = metrics.render();
    EXPECT_EQ(value_of(text, "postfix_elb_agent_health_status{endpoint=\"health\",state=\"pass\"}"),
              0);
    EXPECT_EQ(value_of(text, "postfix_elb_agent_health_status{endpoint=\"readyz\",state=\"fail\"}"),
              1);
}

TEST(Metrics, ReportTheStateOfTheRelinkAndTheProbe) {
    Metrics metrics;
    core::Verdict verdict = verdict_of(core::Status::fail);
    core::Facts facts;
    metrics.publish(verdict, facts);
    facts.relink.value =
        core::RelinkProgress{core::RelinkProgress::State::done, "", {}, {}, true, false};
    facts.relink.at.boot = verdict.at.boot + std::chrono::milliseconds(1500);
    facts.mount.value = core::MountFacts{};
    facts.mount.value->took_us = 2500;
    facts.mount_hung_since = verdict.at;
    metrics.publish(verdict, facts);
    const std::string text = metrics.render();
    EXPECT_EQ(value_of(text, "postfix_elb_agent_relink_outcome{outcome=\"done\"}"), 1);
    EXPECT_EQ(value_of(text, "postfix_elb_agent_relink_outcome{outcome=\"pending\"}"), 0);
    EXPECT_EQ(value_of(text, "postfix_elb_agent_relink_duration_seconds"), 1.5);
    EXPECT_EQ(value_of(text, "postfix_elb_agent_check_duration_seconds{check=\"mount\"}"), 0.0025);
    EXPECT_EQ(value_of(text, "postfix_elb_agent_mount_probe_stuck"), 1);
}

TEST(Metrics, CountsAnswersByKnownPathAndCode) {
    Metrics metrics;
    EXPECT_THAT(metrics.render(), Not(HasSubstr("http_requests_total{")));
    metrics.counted(0, 200);
    metrics.counted(0, 200);
    metrics.counted(0, 503);
    metrics.counted(other_route, 404);
    const std::string text = metrics.render();
    EXPECT_THAT(text, HasSubstr(line("# TYPE postfix_elb_agent_http_requests_total counter")));
    EXPECT_EQ(
        value_of(text, "postfix_elb_agent_http_requests_total{code=\"200\",path=\"/health\"}"), 2);
    EXPECT_EQ(
        value_of(text, "postfix_elb_agent_http_requests_total{code=\"503\",path=\"/health\"}"), 1);
    EXPECT_EQ(value_of(text, "postfix_elb_agent_http_requests_total{code=\"404\",path=\"other\"}"),
              1);
}

TEST(Metrics, CountsConnectionsThatMadeRoom) {
    Metrics metrics;
    metrics.counted(Eviction::source);
    metrics.counted(Eviction::source);
    metrics.counted(Eviction::total);
    const std::string text = metrics.render();
    const std::string name = "postfix_elb_agent_http_connections_evicted_total";
    EXPECT_EQ(value_of(text, name + "{why=\"source\"}"), 2);
    EXPECT_EQ(value_of(text, name + "{why=\"total\"}"), 1);
    EXPECT_EQ(value_of(text, name + "{why=\"shortage\"}"), 0);
}

TEST(Metrics, ReportTheResourcesOfTheProcess) {
    Metrics metrics;
    const std::string text = metrics.render();
    EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 1 << 20);
    EXPECT_GT(value_of(text, "process_virtual_memory_bytes"),
              value_of(text, "process_resident_memory_bytes"));
    EXPECT_GE(value_of(text, "process_open_fds"), 3);
    EXPECT_GT(value_of(text, "process_max_fds"), value_of(text, "process_open_fds"));
    const double start = value_of(text, "process_start_time_seconds");
    EXPECT_LE(start, static_cast<double>(::time(nullptr)) + 1);
    EXPECT_GT(start, static_cast<double>(::time(nullptr)) - 3600);
    EXPECT_GE(value_of(text, "process_cpu_seconds_total"), 0);
}

TEST(ProcessUse, CountsDescriptors) {
    const int before = ProcessUsage().observe(now()).open_descriptors;
    const FileDescriptor one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const FileDescriptor other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(ProcessUsage().observe(now()).open_descriptors, before + 2);
}

TEST(ProcessUse, IsStillKnownAfterTheUserHasChanged) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root to become another user";
    }
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        constexpr uid_t user = 65534;
        const bool changed =
            ::setresgid(user, user, user) == 0 && ::setresuid(user, user, user) == 0;
        const ProcessUse use = ProcessUsage().observe(now());
        ::_exit(changed && use.resident_bytes > 0 && use.open_descriptors >= 3 && use.start_time > 0
                    ? 0
                    : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace agent
