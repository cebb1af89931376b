// SPDX-License-Identifier: Apache-2.0
#include "core/verdict/history.hpp"

#include <algorithm>

namespace core {

namespace {

std::int64_t step_of(const TimePoint& at) {
    return at.boot / History::sample_step;
}

}  // namespace

void History::note(const Verdict& verdict) {
    const Headline headline = headline_of(verdict);
    if (latest_ == headline) {
        return;
    }
    latest_ = headline;
    changes_.push_back({verdict.at, verdict.health, verdict.ready, verdict.phase,
                        text_of(verdict).substr(0, longest_text)});
    if (changes_.size() > most_changes) {
        changes_.pop_front();
    }
}

void History::note(const QueueCensus& census) {
    if (census_ && census_->at.boot == census.at.boot) {
        return;
    }
    census_ = census;
    if (!census.complete ||
        (!samples_.empty() && step_of(samples_.back().at) == step_of(census.at))) {
        return;
    }
    QueueSample sample{census.at, {}};
    std::transform(census.queues.begin(), census.queues.end(), sample.messages.begin(),
                   [](const QueueFigures& figures) { return figures.messages; });
    samples_.push_back(sample);
    while (samples_.front().at.boot + sample_span < census.at.boot ||
           samples_.size() > most_samples) {
        samples_.pop_front();
    }
}

}  // namespace core
