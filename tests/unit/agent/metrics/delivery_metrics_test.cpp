// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/delivery_metrics.hpp"

#include "core/exposition/exposition_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "unit/agent/metrics/published_log_lines.hpp"

namespace {

using agent::DeliveryMetrics;
using testing::HasSubstr;
using testing::Not;
using Source = DeliveryMetrics::Source;
using namespace std::chrono_literals;

class DeliveryMetricsTest : public testing::Test {
   protected:
    void said(const std::string& tag, const std::string& text) {
        metrics_.count("2026-11-22T10:15:03.543207+00:00 mx1 " + tag + "[771]: " + text,
                       Source::file);
    }
    void smtpd(const std::string& text) { said("postfix/smtpd", text); }

    std::string page() const { return core::prometheus_text(exposition_); }

    /// The value of a series; fails the test if there is none.
    double value(const std::string& series) const {
        const std::string text = "\n" + page();
        const std::size_t at = text.find("\n" + series + " ");
        EXPECT_NE(at, std::string::npos) << series;
        return at == std::string::npos
                   ? -1
                   : std::strtod(text.c_str() + at + series.size() + 2, nullptr);
    }
    /// How many series the family has.
    std::size_t series_of(const std::string& family) const {
        const std::string text = page();
        std::size_t count = 0;
        for (std::size_t at = text.find("\n" + family + "{"); at != std::string::npos;
             at = text.find("\n" + family + "{", at + 1)) {
            ++count;
        }
        return count;
    }

    core::Exposition exposition_;
    DeliveryMetrics metrics_{exposition_};
};

/// The numbers are those that the exporter's own tests expect of these lines.
TEST_F(DeliveryMetricsTest, ThePublishedLinesOfThePostfixExporterCountAsItsTestsExpect) {
    for (const char* line : tests::published_log_lines) {
        metrics_.count(line, Source::file);
    }
    EXPECT_EQ(value("postfix_qmgr_messages_removed_total"), 1 + 31);
    EXPECT_EQ(value("postfix_qmgr_messages_expired_total"), 2);
    EXPECT_EQ(value("postfix_smtpd_sasl_authentication_failures_total"), 1);
    EXPECT_EQ(value("postfix_smtpd_messages_processed_total{sasl_method=\"PLAIN\"}"), 1);
    EXPECT_EQ(value("postfix_smtpd_messages_processed_total{sasl_method=\"\"}"), 1);
    EXPECT_EQ(value("postfix_smtp_tls_connections_total{trust=\"Verified\",protocol=\"TLSv1.3\","
                    "cipher=\"TLS_AES_256_"
                    "GCM_SHA384\",secret_bits=\"256\",algorithm_bits=\"256\"}"),
              1);
    EXPECT_EQ(value("postfix_smtp_tls_connections_total{trust=\"Verified\",protocol=\"TLSv1.2\","
                    "cipher=\"ECDHE-RSA-"
                    "AES256-GCM-SHA384\",secret_bits=\"256\",algorithm_bits=\"256\"}"),
              1);
    EXPECT_EQ(value("postfix_smtp_messages_processed_total{status=\"sent\"}"), 1);
    EXPECT_EQ(value("postfix_smtp_messages_processed_total{status=\"deferred\"}"), 1);
    EXPECT_EQ(value("postfix_smtp_messages_processed_total{status=\"bounced\"}"), 1);
    EXPECT_EQ(value("postfix_smtp_status_deferred"), 1);
    EXPECT_EQ(value("postfix_smtp_delivery_delay_seconds_count{stage=\"queue_manager\"}"), 3);
    EXPECT_EQ(value("postfix_smtp_delivery_delay_seconds_sum{stage=\"queue_manager\"}"),
              2017 + 0 + 16);
    EXPECT_EQ(value("postfix_bounce_non_delivery_notification_total"), 1);
    EXPECT_EQ(value("postfix_virtual_delivered_total"), 1);
    EXPECT_EQ(value("postfix_unsupported_log_entries_total{service=\"smtpd\",level=\"\"}"), 1);
    EXPECT_EQ(value("postfix_unsupported_log_entries_total{service=\"smtpd\",level=\"fatal\"}"), 1);
    EXPECT_EQ(value("postfix_unsupported_log_entries_total{service=\"qmgr\",level=\"warning\"}"),
              2);
    EXPECT_EQ(value("postfix_elb_agent_log_lines_total{source=\"file\"}"),
              static_cast<double>(tests::published_log_lines.size()));
}

TEST_F(DeliveryMetricsTest, WhatIsClosedIsThereFromTheStart) {
    const std::string text = page();
    for (const char* series :
         {"postfix_smtp_messages_processed_total{status=\"bounced\"} 0",
          "postfix_smtpd_connects_total 0",
          "postfix_smtpd_connections_lost_total{after_stage=\"RCPT\"} 0",
          "postfix_smtp_delivery_delay_seconds_bucket{stage=\"transmission\",le=\"172800\"} 0",
          "postfix_lmtp_delivery_delay_seconds_count{stage=\"transmission\"} 0",
          "postfix_qmgr_messages_inserted_receipients_bucket{le=\"128\"} 0",
          "postfix_qmgr_messages_inserted_size_bytes_bucket{le=\"1e+09\"} 0",
          "postfix_cleanup_messages_rejected_total 0",
          "postfix_cleanup_messages_not_accepted_total 0", "postfix_elb_agent_log_lag_seconds 0",
          "postfix_elb_agent_log_lines_total{source=\"journal\"} 0",
          "postfix_elb_agent_log_lines_dropped_total{why=\"too_long\"} 0",
          "postfix_elb_agent_series_dropped_total{family=\"postfix_smtp_tls_connections_total\"} "
          "0"}) {
        EXPECT_THAT(text, HasSubstr(std::string("\n") + series + "\n"));
    }
}

TEST_F(DeliveryMetricsTest, ADeliveryCountsForItsTransportWithItsFourDelays) {
    const std::string rest =
        ": to=<a@x>, relay=there, delay=1, delays=0.5/2/0/70, dsn=2.0.0, status=sent (ok)";
    for (const char* program : {"local", "pipe", "pipe", "lmtp", "smtp", "error"}) {
        said(std::string("postfix/") + program, "4F" + rest);
    }
    EXPECT_EQ(value("postfix_elb_agent_deliveries_total{transport=\"pipe\",status=\"sent\"}"), 2);
    EXPECT_EQ(value("postfix_elb_agent_deliveries_total{transport=\"local\",status=\"deferred\"}"),
              0);
    EXPECT_EQ(value("postfix_elb_agent_delivery_delay_seconds_sum{transport=\"error\",stage="
                    "\"transmission\"}"),
              70);
    EXPECT_EQ(
        value(
            "postfix_lmtp_delivery_delay_seconds_bucket{stage=\"before_queue_manager\",le=\"1\"}"),
        1);
    EXPECT_EQ(
        value("postfix_pipe_delivery_delay_seconds_sum{relay=\"there\",stage=\"queue_manager\"}"),
        4);
    EXPECT_EQ(value("postfix_smtp_messages_processed_total{status=\"sent\"}"), 1);
    EXPECT_THAT(page(), Not(HasSubstr("transport=\"discard\"")));
}

TEST_F(DeliveryMetricsTest, RejectsCountByStageCodeAndFilterAndNoqueueRejectsAsInTheExporter) {
    smtpd(
        "NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <a@x>: Relay access denied; from=<b> "
        "to=<a@x>");
    smtpd("4F0: reject: RCPT from x[192.0.2.1]: 554 5.7.1 no");
    smtpd("NOQUEUE: reject: EHLO from x[192.0.2.1]: 450 4.7.1 no");
    smtpd("NOQUEUE: milter-reject: RCPT from x[192.0.2.1]: 451 4.7.1 no");
    EXPECT_EQ(value("postfix_smtpd_messages_rejected_total{code=\"554\"}"), 1);
    EXPECT_EQ(series_of("postfix_smtpd_messages_rejected_total"), 1U);
    EXPECT_EQ(
        value("postfix_elb_agent_smtpd_rejects_total{stage=\"RCPT\",code=\"554\",by=\"smtpd\"}"),
        2);
    EXPECT_EQ(
        value("postfix_elb_agent_smtpd_rejects_total{stage=\"EHLO\",code=\"450\",by=\"smtpd\"}"),
        1);
    EXPECT_EQ(
        value("postfix_elb_agent_smtpd_rejects_total{stage=\"RCPT\",code=\"451\",by=\"milter\"}"),
        1);
}

TEST_F(DeliveryMetricsTest, WarningsErrorsFatalErrorsAndPanicsCountByServiceWhateverElseTheySay) {
    smtpd("warning: hostname a does not resolve to address 192.0.2.1");
    smtpd("warning: x");
    said("postfix/master", "panic: x");
    said("postfix-out/smtp", "error: x");
    EXPECT_EQ(value("postfix_elb_agent_log_messages_total{service=\"smtpd\",level=\"warning\"}"),
              2);
    EXPECT_EQ(value("postfix_elb_agent_log_messages_total{service=\"master\",level=\"panic\"}"), 1);
    EXPECT_EQ(value("postfix_elb_agent_log_messages_total{service=\"smtp\",level=\"error\"}"), 1);
    EXPECT_EQ(value("postfix_smtpd_forward_confirmed_reverse_dns_errors_total"), 1);
    EXPECT_EQ(value("postfix_unsupported_log_entries_total{service=\"smtpd\",level=\"warning\"}"),
              1);
}

TEST_F(DeliveryMetricsTest, LinesOfOtherProgramsCountForNothingButTheLines) {
    const std::string before = page();
    said("sshd", "connect from unknown[192.0.2.1]");
    said("dovecot", "fatal: x");
    metrics_.count("no line of a logger", Source::journal);
    EXPECT_EQ(value("postfix_elb_agent_log_lines_total{source=\"file\"}"), 2);
    EXPECT_EQ(value("postfix_elb_agent_log_lines_total{source=\"journal\"}"), 1);
    EXPECT_EQ(value("postfix_elb_agent_log_lines_dropped_total{why=\"unreadable\"}"), 1);
    EXPECT_EQ(value("postfix_smtpd_connects_total"), 0);
    EXPECT_EQ(page().size(), before.size());
}

TEST_F(DeliveryMetricsTest, AFamilyTakesNoMoreThanSoManySeriesAndSaysWhatItDropped) {
    const int many = 250;
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < many; ++i) {
            smtpd("4F: client=x[192.0.2.1], sasl_method=M" + std::to_string(i));
        }
    }
    const int kept = DeliveryMetrics::max_series;
    EXPECT_EQ(series_of("postfix_smtpd_messages_processed_total"), DeliveryMetrics::max_series);
    EXPECT_EQ(value("postfix_smtpd_messages_processed_total{sasl_method=\"M99\"}"), 2);
    EXPECT_EQ(value("postfix_elb_agent_series_dropped_total{family=\"postfix_smtpd_messages_"
                    "processed_total\"}"),
              2 * (many - kept));
}

TEST_F(DeliveryMetricsTest, LabelValuesAreMadePrintableAndCutAndNoTwoSeriesBecomeAlike) {
    smtpd("4F: client=x[192.0.2.1], sasl_method=\"\\\xff\x01");
    smtpd("4F: client=x[192.0.2.1], sasl_method=\"\\\xfe\x02");
    smtpd("4F: client=x[192.0.2.1], sasl_method=" + std::string(8000, 'x'));
    smtpd("4F: client=x[192.0.2.1], sasl_method=" + std::string(8000, 'x') + "y");
    EXPECT_EQ(value("postfix_smtpd_messages_processed_total{sasl_method=\"\\\"\\\\??\"}"), 2);
    EXPECT_EQ(value("postfix_smtpd_messages_processed_total{sasl_method=\"" +
                    std::string(DeliveryMetrics::max_label_value, 'x') + "\"}"),
              2);
    EXPECT_EQ(series_of("postfix_smtpd_messages_processed_total"), 2U);
}

TEST_F(DeliveryMetricsTest, TheLagIsTheAgeOfTheLastLineWhileThereAreMore) {
    const core::WallTime stamp = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + 10h;
    metrics_.set_behind(stamp);
    metrics_.observe(stamp + 90s);
    EXPECT_EQ(value("postfix_elb_agent_log_lag_seconds"), 90);
    metrics_.observe(stamp - 5s);
    EXPECT_EQ(value("postfix_elb_agent_log_lag_seconds"), 0);
    metrics_.set_behind(std::nullopt);
    metrics_.observe(stamp + 100s);
    EXPECT_EQ(value("postfix_elb_agent_log_lag_seconds"), 0);
}

TEST_F(DeliveryMetricsTest, TheSourceIsOneOfTwoOrNone) {
    EXPECT_EQ(value("postfix_elb_agent_log_source{source=\"file\"}"), 0);
    metrics_.set_source(Source::journal);
    EXPECT_EQ(value("postfix_elb_agent_log_source{source=\"journal\"}"), 1);
    metrics_.set_source(Source::file);
    EXPECT_EQ(value("postfix_elb_agent_log_source{source=\"journal\"}"), 0);
    EXPECT_EQ(value("postfix_elb_agent_log_source{source=\"file\"}"), 1);
}

}  // namespace
