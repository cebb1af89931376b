// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/queue_metrics.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

namespace agent {
namespace {

double seconds(std::chrono::milliseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

/// Of something that nothing is known of: not 0, which an empty queue has.
double unknown_unless_empty(const core::QueueFigures& figures) {
    return figures.messages == 0 ? 0 : std::numeric_limits<double>::quiet_NaN();
}

/// Of the oldest that is known, as the census found it.
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
    : depth_(exposition.gauges("postfix_showq_queue_depth",
                               "Messages in the queue, as the latest whole census counted.")),
      ages_(exposition.histograms(
          "postfix_showq_message_age_seconds",
          "Ages of the messages in the queue at the latest census; where they are too many to "
          "look at each, as an evenly spread sample says.",
          {core::age_bounds.begin(), core::age_bounds.end()})),
      bytes_(exposition.gauges(
          "postfix_elb_agent_queue_bytes",
          "Size of the queue's files at the latest census, estimated where they are many.")),
      oldest_(exposition.gauges(
          "postfix_elb_agent_queue_oldest_age_seconds",
          "Age of the oldest message that is known of, at the latest census; 0 where there is "
          "none, NaN where none is known of.")),
      census_age_(
          exposition
              .gauges("postfix_elb_agent_census_age_seconds",
                      "How old the figures of the queues are; since boot if there are none.")
              .add()),
      census_complete_(exposition
                           .gauges("postfix_elb_agent_census_complete",
                                   "1 if the latest census could read all that it was to read.")
                           .add()),
      census_duration_(exposition
                           .gauges("postfix_elb_agent_census_duration_seconds",
                                   "How long the latest census took.")
                           .add()),
      operations_(exposition
                      .counters("postfix_elb_agent_census_operations_total",
                                "Operations of the shared file system that counting took.")
                      .add()),
      censuses_(exposition.counters("postfix_elb_agent_censuses_total",
                                    "Censuses of the queues by how they ended.")),
      ended_complete_(censuses_.add({{"outcome", "complete"}})),
      ended_incomplete_(censuses_.add({{"outcome", "incomplete"}})),
      ended_cancelled_(censuses_.add({{"outcome", "cancelled"}})) {
}

void QueueMetrics::add_series() {
    for (const core::MailQueue queue : core::all_mail_queues()) {
        const core::MetricLabels labels{{"queue", to_string(queue)}};
        queues_[static_cast<std::size_t>(queue)] = {&depth_.add(labels), &ages_.add(labels),
                                                    &bytes_.add(labels), &oldest_.add(labels)};
    }
}

void QueueMetrics::publish(const core::QueueCensus& census) {
    census_complete_.set(census.complete ? 1 : 0);
    if (!census.complete) {
        return;  // what could not be read is not empty
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
    switch (outcome) {
        case CensusOutcome::complete: ended_complete_.increment(); break;
        case CensusOutcome::incomplete: ended_incomplete_.increment(); break;
        case CensusOutcome::cancelled: ended_cancelled_.increment(); break;
    }
}

void QueueMetrics::spent(std::uint64_t operations) {
    operations_.raise_to(operations_.value() + static_cast<double>(operations));
}

void QueueMetrics::observe(core::TimePoint now) {
    census_age_.set(seconds(now.boot - at_.value_or(core::BootTime(0))));
}

}  // namespace agent
