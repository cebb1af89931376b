// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/queue_metrics.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string_view>
#include <vector>

namespace agent {
namespace {

namespace family {
using core::CounterInfo;
using core::GaugeInfo;
using core::HistogramInfo;

constexpr GaugeInfo depth{
    "postfix_showq_queue_depth", "Messages in the queue at the latest complete census.", {"queue"}};
constexpr HistogramInfo ages{
    "postfix_showq_message_age_seconds",
    "Ages of the messages in the queue at the latest complete census; estimated from an evenly "
    "spread sample where queue ids are short and messages are many.",
    {"queue"},
    core::age_bounds};
constexpr GaugeInfo bytes{"postfix_elb_agent_queue_bytes",
                          "Size of the queue's files at the latest complete census, estimated from "
                          "an evenly spread sample where files are many.",
                          {"queue"}};
constexpr GaugeInfo oldest{"postfix_elb_agent_queue_oldest_age_seconds",
                           "Age of the oldest message whose arrival is known, at the latest "
                           "complete census; 0 if the queue is empty, NaN if no arrival is known.",
                           {"queue"}};
constexpr GaugeInfo census_age{"postfix_elb_agent_census_age_seconds",
                               "Age of the queue figures; since boot if there are none."};
constexpr GaugeInfo census_complete{"postfix_elb_agent_census_complete",
                                    "1 if the latest census could read everything."};
constexpr GaugeInfo census_duration{"postfix_elb_agent_census_duration_seconds",
                                    "Duration of the latest complete census."};
constexpr CounterInfo operations{"postfix_elb_agent_census_operations_total",
                                 "Operations of the shared file system that censuses took."};
constexpr CounterInfo censuses{
    "postfix_elb_agent_censuses_total", "Censuses of the queues, by outcome.", {"outcome"}};
}  // namespace family

constexpr std::array<std::string_view, 3> outcomes{"complete", "incomplete", "cancelled"};

double seconds(std::chrono::milliseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

/// For a figure of which no message's value is known: 0 only if the queue is empty.
double unknown_unless_empty(const core::QueueFigures& figures) {
    return figures.messages == 0 ? 0 : std::numeric_limits<double>::quiet_NaN();
}

/// At the time of the census.
double oldest_age(const core::QueueFigures& figures, const core::TimePoint& at) {
    return figures.oldest_arrival ? std::max(seconds(at.wall - *figures.oldest_arrival), 0.0)
                                  : unknown_unless_empty(figures);
}

double bytes_of(const core::QueueFigures& figures) {
    return figures.bytes_sampled > 0 ? static_cast<double>(figures.bytes)
                                     : unknown_unless_empty(figures);
}

}  // namespace

QueueMetrics::QueueMetrics(core::Exposition& exposition)
    : depth_(exposition.add(family::depth)),
      ages_(exposition.add(family::ages)),
      bytes_(exposition.add(family::bytes)),
      oldest_(exposition.add(family::oldest)),
      census_age_(exposition.add_single(family::census_age)),
      census_complete_(exposition.add_single(family::census_complete)),
      census_duration_(exposition.add_single(family::census_duration)),
      operations_(exposition.add_single(family::operations)) {
    core::MetricFamily<core::Counter>& censuses = exposition.add(family::censuses);
    std::transform(outcomes.begin(), outcomes.end(), ended_.begin(),
                   [&](std::string_view outcome) { return &censuses.add({outcome}); });
}

void QueueMetrics::add_series() {
    for (const core::MailQueue queue : core::all_mail_queues()) {
        const std::array labels{to_string(queue)};
        queues_[static_cast<std::size_t>(queue)] = {&depth_.add(labels), &ages_.add(labels),
                                                    &bytes_.add(labels), &oldest_.add(labels)};
    }
}

void QueueMetrics::publish(const core::QueueCensus& census) {
    census_complete_.set(census.complete ? 1 : 0);
    if (!census.complete) {
        return;
    }
    if (!at_) {
        add_series();
    }
    at_ = census.at.boot;
    for (const core::MailQueue queue : core::all_mail_queues()) {
        const core::QueueFigures& figures = census.of(queue);
        const OfQueue& of_queue = queues_[static_cast<std::size_t>(queue)];
        const auto ages = core::ages_of_all(figures);
        const double known = static_cast<double>(std::max<std::uint64_t>(figures.ages_sampled, 1));
        of_queue.depth->set(static_cast<double>(figures.messages));
        of_queue.ages->assign({ages.begin(), ages.end()},
                              figures.age_sum * static_cast<double>(figures.messages) / known);
        of_queue.bytes->set(bytes_of(figures));
        of_queue.oldest->set(oldest_age(figures, census.at));
    }
    census_duration_.set(seconds(census.took));
}

void QueueMetrics::ended(CensusOutcome outcome) {
    ended_[static_cast<std::size_t>(outcome)]->increment();
}

void QueueMetrics::spent(std::uint64_t operations) {
    operations_.raise_to(operations_.value() + static_cast<double>(operations));
}

void QueueMetrics::observe(core::TimePoint now) {
    census_age_.set(seconds(now.boot - at_.value_or(core::BootTime(0))));
}

}  // namespace agent
