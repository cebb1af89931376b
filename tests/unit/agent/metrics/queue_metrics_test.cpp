// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/queue_metrics.hpp"

#include "agent/metrics/nfs_metrics.hpp"
#include "core/exposition/exposition_text.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>

namespace agent {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr core::TimePoint counted_at{core::WallTime(1'800'000'000s), 1000s};

core::QueueCensus census() {
    core::QueueCensus made;
    made.at = counted_at;
    made.took = 2500ms;
    core::QueueFigures& deferred = made.queues[static_cast<std::size_t>(core::MailQueue::deferred)];
    deferred.messages = 1000;
    deferred.bytes = 5'123'456;
    deferred.bytes_sampled = 4;
    deferred.ages_sampled = 4;
    deferred.ages = {1, 0, 3, 0, 0, 0, 0, 0, 0};
    deferred.age_sum = 610;
    deferred.oldest_arrival = counted_at.wall - 200s;
    return made;
}

class QueueMetricsTest : public ::testing::Test {
   protected:
    std::string text() { return "\n" + core::prometheus_text(page); }

    core::Exposition page;
    QueueMetrics metrics{page};
};

TEST_F(QueueMetricsTest, UntilTheFirstCensusNoQueueIsSaidToBeEmpty) {
    metrics.observe({core::WallTime(0s), 77s});
    EXPECT_THAT(text(), Not(HasSubstr("{queue=")));
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_census_age_seconds 77\n"));
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_census_complete 0\n"));
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_censuses_total{outcome=\"cancelled\"} 0\n"));
}

TEST_F(QueueMetricsTest, ACensusSetsEveryQueueAndScalesTheSampledAges) {
    metrics.publish(census());
    const std::string said = text();
    EXPECT_THAT(said, HasSubstr("\npostfix_showq_queue_depth{queue=\"deferred\"} 1000\n"));
    EXPECT_THAT(said, HasSubstr("\npostfix_showq_queue_depth{queue=\"corrupt\"} 0\n"));
    EXPECT_THAT(
        said,
        HasSubstr(
            "\npostfix_showq_message_age_seconds_bucket{queue=\"deferred\",le=\"10\"} 250\n"));
    EXPECT_THAT(
        said,
        HasSubstr(
            "\npostfix_showq_message_age_seconds_bucket{queue=\"deferred\",le=\"100\"} 250\n"));
    EXPECT_THAT(
        said,
        HasSubstr(
            "\npostfix_showq_message_age_seconds_bucket{queue=\"deferred\",le=\"1000\"} 1000\n"));
    EXPECT_THAT(said,
                HasSubstr("\npostfix_showq_message_age_seconds_count{queue=\"deferred\"} 1000\n"));
    EXPECT_THAT(said,
                HasSubstr("\npostfix_showq_message_age_seconds_sum{queue=\"deferred\"} 152500\n"));
    EXPECT_THAT(said, HasSubstr("\npostfix_showq_message_age_seconds_count{queue=\"hold\"} 0\n"));
    EXPECT_THAT(said, HasSubstr("\npostfix_elb_agent_queue_bytes{queue=\"deferred\"} 5123456\n"));
    EXPECT_THAT(
        said, HasSubstr("\npostfix_elb_agent_queue_oldest_age_seconds{queue=\"deferred\"} 200\n"));
    EXPECT_THAT(said,
                HasSubstr("\npostfix_elb_agent_queue_oldest_age_seconds{queue=\"hold\"} 0\n"));
    EXPECT_THAT(said, HasSubstr("\npostfix_elb_agent_census_complete 1\n"));
    EXPECT_THAT(said, HasSubstr("\npostfix_elb_agent_census_duration_seconds 2.5\n"));
}

TEST_F(QueueMetricsTest, TheNextCensusReplacesWhatTheLastSaid) {
    metrics.publish(census());
    core::QueueCensus next;
    next.at = {counted_at.wall + 60s, counted_at.boot + 60s};
    metrics.publish(next);
    metrics.observe({counted_at.wall + 70s, counted_at.boot + 70s});
    EXPECT_THAT(text(), HasSubstr("\npostfix_showq_queue_depth{queue=\"deferred\"} 0\n"));
    EXPECT_THAT(text(),
                HasSubstr("\npostfix_showq_message_age_seconds_count{queue=\"deferred\"} 0\n"));
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_census_age_seconds 10\n"));
}

TEST_F(QueueMetricsTest, ACensusThatCouldNotReadAllChangesNoFigureAndLetsThemGrowOld) {
    metrics.publish(census());
    core::QueueCensus next;
    next.at = {counted_at.wall + 60s, counted_at.boot + 60s};
    next.complete = false;
    metrics.publish(next);
    metrics.observe({counted_at.wall + 70s, counted_at.boot + 70s});
    EXPECT_THAT(text(), HasSubstr("\npostfix_showq_queue_depth{queue=\"deferred\"} 1000\n"));
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_census_complete 0\n"));
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_census_age_seconds 70\n"));
}

TEST_F(QueueMetricsTest, MessagesOfWhichNothingIsKnownAreNotYoungAndSmall) {
    core::QueueCensus known_by_name = census();
    core::QueueFigures& corrupt =
        known_by_name.queues[static_cast<std::size_t>(core::MailQueue::corrupt)];
    corrupt = core::QueueFigures();
    corrupt.messages = 3;
    metrics.publish(known_by_name);
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_queue_bytes{queue=\"corrupt\"} NaN\n"));
    EXPECT_THAT(text(),
                HasSubstr("\npostfix_elb_agent_queue_oldest_age_seconds{queue=\"corrupt\"} NaN\n"));
}

TEST_F(QueueMetricsTest, EndsAndOperationsAreCounted) {
    metrics.ended(CensusOutcome::complete);
    metrics.ended(CensusOutcome::complete);
    metrics.ended(CensusOutcome::incomplete);
    metrics.ended(CensusOutcome::cancelled);
    metrics.spent(20);
    metrics.spent(22);
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_censuses_total{outcome=\"complete\"} 2\n"));
    EXPECT_THAT(text(),
                HasSubstr("\npostfix_elb_agent_censuses_total{outcome=\"incomplete\"} 1\n"));
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_censuses_total{outcome=\"cancelled\"} 1\n"));
    EXPECT_THAT(text(), HasSubstr("\npostfix_elb_agent_census_operations_total 42\n"));
}

core::HostFacts nfs_host(std::uint64_t reads) {
    core::HostFacts host;
    host.lease_expired = 37;
    host.nfs.emplace();
    host.nfs->figures[static_cast<std::size_t>(core::NfsOperation::read)] = {
        reads, reads + 1, 2, 3, 4000, 5000, 6500};
    host.nfs->errors_known = true;
    host.nfs->age = 99;
    host.nfs->bytes_read = 7;
    host.nfs->bytes_written = 8;
    host.nfs->transport = core::NfsTransport{1, 2, 3, 4, 5, 6};
    return host;
}

class NfsMetricsTest : public ::testing::Test {
   protected:
    std::string text() { return "\n" + core::prometheus_text(page); }

    core::Exposition page;
    NfsMetrics metrics{page};
};

TEST_F(NfsMetricsTest, WhatTheKernelCountsIsSaidInSecondsAndBytes) {
    metrics.publish(nfs_host(50));
    for (const char* line : {
             "postfix_elb_agent_nfs_operations_total{operation=\"read\"} 50",
             "postfix_elb_agent_nfs_transmissions_total{operation=\"read\"} 51",
             "postfix_elb_agent_nfs_major_timeouts_total{operation=\"read\"} 2",
             "postfix_elb_agent_nfs_errors_total{operation=\"read\"} 3",
             "postfix_elb_agent_nfs_queue_seconds_total{operation=\"read\"} 4",
             "postfix_elb_agent_nfs_response_seconds_total{operation=\"read\"} 5",
             "postfix_elb_agent_nfs_request_seconds_total{operation=\"read\"} 6.5",
             "postfix_elb_agent_nfs_operations_total{operation=\"other\"} 0",
             "postfix_elb_agent_nfs_bytes_total{direction=\"read\"} 7",
             "postfix_elb_agent_nfs_bytes_total{direction=\"write\"} 8",
             "postfix_elb_agent_nfs_connects_total 1",
             "postfix_elb_agent_nfs_sends_total 2",
             "postfix_elb_agent_nfs_receives_total 3",
             "postfix_elb_agent_nfs_bad_xids_total 4",
             "postfix_elb_agent_nfs_in_flight_requests_total 5",
             "postfix_elb_agent_nfs_backlog_requests_total 6",
             "postfix_elb_agent_nfs_age_seconds 99",
             "postfix_elb_agent_nfs_lease_expired_seconds 37",
         }) {
        EXPECT_THAT(text(), HasSubstr("\n" + std::string(line) + "\n"));
    }
}

TEST_F(NfsMetricsTest, ARemountRestartsTheCounters) {
    metrics.publish(nfs_host(50));
    metrics.publish(nfs_host(3));
    EXPECT_THAT(text(),
                HasSubstr("\npostfix_elb_agent_nfs_operations_total{operation=\"read\"} 3\n"));
    EXPECT_THAT(text(), Not(HasSubstr("operation=\"read\"} 50")));
}

TEST_F(NfsMetricsTest, WhatIsNotNfsHasNoSeries) {
    metrics.publish(nfs_host(50));
    metrics.publish({});
    EXPECT_EQ(text(), "\n");
}

TEST_F(NfsMetricsTest, AKernelThatCountsNoErrorsIsNotSaidToHaveNone) {
    core::HostFacts host = nfs_host(1);
    host.nfs->errors_known = false;
    host.nfs->transport.reset();
    metrics.publish(host);
    EXPECT_THAT(text(), Not(HasSubstr("nfs_errors_total")));
    EXPECT_THAT(text(), Not(HasSubstr("nfs_sends_total")));
    EXPECT_THAT(text(), HasSubstr("nfs_operations_total"));
}

}  // namespace
}  // namespace agent
