// SPDX-License-Identifier: Apache-2.0
#include "core/queue/queue_tally.hpp"

#include "core/queue/queue_id.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace core {
namespace {

std::optional<WallTime> earlier_of(std::optional<WallTime> one, std::optional<WallTime> other) {
    if (one && other) {
        return std::min(one, other);
    }
    return one ? one : other;
}

}  // namespace

void QueueTally::Ages::add(WallTime arrival, WallTime now) {
    // The clock of the host that wrote the time may have been ahead.
    const double age = std::max(std::chrono::duration<double>(now - arrival).count(), 0.0);
    const auto* const bound = std::lower_bound(age_bounds.begin(), age_bounds.end(), age);
    ++classes[static_cast<std::size_t>(bound - age_bounds.begin())];
    ++known;
    sum += age;
    oldest = oldest ? std::min(*oldest, arrival) : arrival;
}

void QueueTally::count(std::string_view name, std::string_view place, WallTime now) {
    if (const auto arrival = arrival_of_long_id(name)) {
        by_id_.add(*arrival, now);
    }
    if (messages_ % stride_ == 0) {
        sample(name, place);
    }
    ++messages_;
}

void QueueTally::sample(std::string_view name, std::string_view place) {
    if (samples_.size() == most_samples_) {
        // Keep every second one, and add only every second one from here on.
        std::size_t kept = 0;
        for (std::size_t i = 0; i < samples_.size(); i += 2) {
            if (i != kept) {
                samples_[kept] = std::move(samples_[i]);
            }
            ++kept;
        }
        samples_.resize(kept);
        stride_ *= 2;
        if (messages_ % stride_ != 0) {
            return;
        }
    }
    samples_.push_back({std::string(place), std::string(name)});
}

void QueueTally::add_size(std::uint64_t bytes) {
    ++sampled_sizes_;
    sampled_bytes_ += bytes;
}

void QueueTally::add_arrival(WallTime arrival, WallTime now) {
    by_sample_.add(arrival, now);
}

QueueFigures QueueTally::figures() const {
    QueueFigures figures;
    figures.messages = messages_;
    figures.bytes_sampled = sampled_sizes_;
    figures.bytes = sampled_bytes_;
    if (sampled_sizes_ != 0 && sampled_sizes_ != messages_) {
        const double mean =
            static_cast<double>(sampled_bytes_) / static_cast<double>(sampled_sizes_);
        figures.bytes =
            static_cast<std::uint64_t>(std::llround(mean * static_cast<double>(messages_)));
    }
    const Ages& ages = by_id_.known == messages_ ? by_id_ : by_sample_;
    figures.ages_sampled = ages.known;
    figures.age_sum = ages.sum;
    figures.ages = ages.classes;
    figures.oldest_arrival = earlier_of(by_id_.oldest, by_sample_.oldest);
    return figures;
}

}  // namespace core
