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
#include <vector>

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

/// What dashboards and alerts of users hang on.
TEST(Metrics, EveryFamilyKeepsItsNameTypeAndHelp) {
    Metrics metrics;
    metrics.counted(0, 200);
    const std::string text = metrics.render();
    const std::vector<std::string> families{
        "# HELP postfix_elb_agent_build_info Always 1; the version is in the label.\n# TYPE "
        "postfix_elb_agent_build_info gauge\n",
        "# HELP postfix_elb_agent_census_age_seconds How old the figures of the queues are; since "
        "boot if there are "
        "none.\n# TYPE postfix_elb_agent_census_age_seconds gauge\n",
        "# HELP postfix_elb_agent_census_complete 1 if the latest census could read all that it "
        "was to read.\n# TYPE "
        "postfix_elb_agent_census_complete gauge\n",
        "# HELP postfix_elb_agent_census_duration_seconds How long the latest census took.\n# TYPE "
        "postfix_elb_agent_census_duration_seconds gauge\n",
        "# HELP postfix_elb_agent_census_operations_total Operations of the shared file system "
        "that counting took.\n# "
        "TYPE postfix_elb_agent_census_operations_total counter\n",
        "# HELP postfix_elb_agent_censuses_total Censuses of the queues by how they ended.\n# TYPE "
        "postfix_elb_agent_censuses_total counter\n",
        "# HELP postfix_elb_agent_check_age_seconds How old the facts behind the check are; since "
        "boot if there are "
        "none.\n# TYPE postfix_elb_agent_check_age_seconds gauge\n",
        "# HELP postfix_elb_agent_check_duration_seconds How long the latest probe behind the "
        "check took.\n# TYPE "
        "postfix_elb_agent_check_duration_seconds gauge\n",
        "# HELP postfix_elb_agent_check_reason 1 for the reason why the check does not pass.\n# "
        "TYPE "
        "postfix_elb_agent_check_reason gauge\n",
        "# HELP postfix_elb_agent_check_status 1 for the state of the check, 0 for the others; all "
        "0 before the first "
        "round.\n# TYPE postfix_elb_agent_check_status gauge\n",
        "# HELP postfix_elb_agent_check_transitions_total How often the check came into the "
        "state.\n# TYPE "
        "postfix_elb_agent_check_transitions_total counter\n",
        "# HELP postfix_elb_agent_health_status 1 for the state that the endpoint answers, 0 for "
        "the others.\n# TYPE "
        "postfix_elb_agent_health_status gauge\n",
        "# HELP postfix_elb_agent_http_requests_total HTTP answers by path and status code.\n# "
        "TYPE "
        "postfix_elb_agent_http_requests_total counter\n",
        "# HELP postfix_elb_agent_mount_fault 1 for whose fault it is that the mount does not "
        "answer; all 0 while it "
        "does.\n# TYPE postfix_elb_agent_mount_fault gauge\n",
        "# HELP postfix_elb_agent_mount_probe_stuck 1 while a request to the shared file system is "
        "overdue.\n# TYPE "
        "postfix_elb_agent_mount_probe_stuck gauge\n",
        "# HELP postfix_elb_agent_relink_duration_seconds From the first round in which the relink "
        "was pending to its "
        "end; 0 until then.\n# TYPE postfix_elb_agent_relink_duration_seconds gauge\n",
        "# HELP postfix_elb_agent_relink_outcome 1 for how the relink at the start stands, 0 for "
        "the others.\n# TYPE "
        "postfix_elb_agent_relink_outcome gauge\n",
        "# HELP postfix_up 1 if a master of this instance's queue is proven alive.\n# TYPE "
        "postfix_up gauge\n",
        "# HELP process_cpu_seconds_total CPU time of the process that answers.\n# TYPE "
        "process_cpu_seconds_total "
        "counter\n",
        "# HELP process_max_fds How many descriptors it may open.\n# TYPE process_max_fds gauge\n",
        "# HELP process_open_fds Open descriptors of that process.\n# TYPE process_open_fds "
        "gauge\n",
        "# HELP process_resident_memory_bytes Resident memory of that process.\n# TYPE "
        "process_resident_memory_bytes "
        "gauge\n",
        "# HELP process_start_time_seconds When it was started, in seconds since the epoch.\n# "
        "TYPE "
        "process_start_time_seconds gauge\n",
        "# HELP process_virtual_memory_bytes Virtual memory of that process.\n# TYPE "
        "process_virtual_memory_bytes "
        "gauge\n",
        "# HELP postfix_bounce_non_delivery_notification_total Total number of non delivery "
        "notification sent by "
        "bounce.\n# TYPE postfix_bounce_non_delivery_notification_total counter\n",
        "# HELP postfix_cleanup_messages_not_accepted_total Messages that cleanup discarded, or "
        "that a milter rejected "
        "or discarded there.\n# TYPE postfix_cleanup_messages_not_accepted_total counter\n",
        "# HELP postfix_cleanup_messages_processed_total Total number of messages processed by "
        "cleanup.\n# TYPE "
        "postfix_cleanup_messages_processed_total counter\n",
        "# HELP postfix_cleanup_messages_rejected_total Total number of messages rejected by "
        "cleanup.\n# TYPE "
        "postfix_cleanup_messages_rejected_total counter\n",
        "# HELP postfix_elb_agent_cleanup_messages_held_total Messages that cleanup placed into "
        "the hold queue.\n# "
        "TYPE postfix_elb_agent_cleanup_messages_held_total counter\n",
        "# HELP postfix_elb_agent_log_lag_seconds How old the last line is that was read, while "
        "there are more to "
        "read; else 0.\n# TYPE postfix_elb_agent_log_lag_seconds gauge\n",
        "# HELP postfix_elb_agent_log_lines_dropped_total Lines that could not be counted as they "
        "are: no line of a "
        "system logger, or so long that they were cut.\n# TYPE "
        "postfix_elb_agent_log_lines_dropped_total counter\n",
        "# HELP postfix_elb_agent_log_lines_total Lines of the mail log that were counted, of any "
        "program.\n# TYPE "
        "postfix_elb_agent_log_lines_total counter\n",
        "# HELP postfix_elb_agent_log_source 1 for where the counted lines come from; all 0: from "
        "nowhere.\n# TYPE "
        "postfix_elb_agent_log_source gauge\n",
        "# HELP postfix_elb_agent_series_dropped_total What was not counted because its family has "
        "all the series it "
        "may have.\n# TYPE postfix_elb_agent_series_dropped_total counter\n",
        "# HELP postfix_lmtp_delivery_delay_seconds LMTP message processing time in seconds.\n# "
        "TYPE "
        "postfix_lmtp_delivery_delay_seconds histogram\n",
        "# HELP postfix_qmgr_messages_expired_total Total number of messages expired from mail "
        "queues.\n# TYPE "
        "postfix_qmgr_messages_expired_total counter\n",
        "# HELP postfix_qmgr_messages_inserted_receipients Number of receipients per message "
        "inserted into the mail "
        "queues.\n# TYPE postfix_qmgr_messages_inserted_receipients histogram\n",
        "# HELP postfix_qmgr_messages_inserted_size_bytes Size of messages inserted into the mail "
        "queues in bytes.\n# "
        "TYPE postfix_qmgr_messages_inserted_size_bytes histogram\n",
        "# HELP postfix_qmgr_messages_removed_total Total number of messages removed from mail "
        "queues.\n# TYPE "
        "postfix_qmgr_messages_removed_total counter\n",
        "# HELP postfix_smtp_connection_timed_out_total Total number of connections of the smtp "
        "process that could not "
        "be made in time.\n# TYPE postfix_smtp_connection_timed_out_total counter\n",
        "# HELP postfix_smtp_deferred_messages_total Total number of messages that have been "
        "deferred on SMTP.\n# TYPE "
        "postfix_smtp_deferred_messages_total counter\n",
        "# HELP postfix_smtp_delivery_delay_seconds SMTP message processing time in seconds.\n# "
        "TYPE "
        "postfix_smtp_delivery_delay_seconds histogram\n",
        "# HELP postfix_smtp_messages_processed_total Total number of messages that have been "
        "processed by the smtp "
        "process.\n# TYPE postfix_smtp_messages_processed_total counter\n",
        "# HELP postfix_smtp_status_deferred Total number of messages deferred.\n# TYPE "
        "postfix_smtp_status_deferred "
        "gauge\n",
        "# HELP postfix_smtpd_connections_lost_total Total number of connections lost.\n# TYPE "
        "postfix_smtpd_connections_lost_total counter\n",
        "# HELP postfix_smtpd_connects_total Total number of incoming connections.\n# TYPE "
        "postfix_smtpd_connects_total counter\n",
        "# HELP postfix_smtpd_disconnects_total Total number of incoming disconnections.\n# TYPE "
        "postfix_smtpd_disconnects_total counter\n",
        "# HELP postfix_smtpd_forward_confirmed_reverse_dns_errors_total Total number of "
        "connections for which "
        "forward-confirmed DNS cannot be resolved.\n# TYPE "
        "postfix_smtpd_forward_confirmed_reverse_dns_errors_total "
        "counter\n",
        "# HELP postfix_smtpd_sasl_authentication_failures_total Total number of SASL "
        "authentication failures.\n# TYPE "
        "postfix_smtpd_sasl_authentication_failures_total counter\n",
        "# HELP postfix_virtual_delivered_total Total number of mail delivered to a virtual "
        "mailbox.\n# TYPE "
        "postfix_virtual_delivered_total counter\n",
    };
    for (const std::string& family : families) {
        EXPECT_THAT(text, HasSubstr(family));
    }
    std::size_t types = 0;
    for (std::size_t at = text.find("# TYPE"); at != std::string::npos;
         at = text.find("# TYPE", at + 1)) {
        ++types;
    }
    EXPECT_EQ(types, families.size());
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

TEST(Metrics, TellsHowTheRelinkAndTheProbeStand) {
    Metrics metrics;
    core::Verdict verdict = verdict_of(core::Status::fail);
    core::Facts facts;
    metrics.publish(verdict, facts);
    facts.relink.value =
        core::RelinkProgress{core::RelinkProgress::State::done, "", "", {}, true, false};
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

TEST(Metrics, TellsWhatTheProcessUses) {
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
        constexpr uid_t nobody = 65534;
        const bool changed =
            ::setresgid(nobody, nobody, nobody) == 0 && ::setresuid(nobody, nobody, nobody) == 0;
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
