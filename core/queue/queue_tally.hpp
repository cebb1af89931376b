// SPDX-License-Identifier: Apache-2.0
// Gathers the figures of one queue from a stream of names in bounded memory: counts every name, and
// keeps an even sample of them, so that their files can be examined. Pure.
#pragma once

#include "core/base/time.hpp"
#include "core/model/queue_census.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace core {

/// The most messages of a queue whose files are examined. With so many an estimate is off by 10 to
/// 20 % for the sizes and ages of real mail; the figures of a shorter queue are exact.
inline constexpr std::size_t samples_per_queue = 200;

/// A message whose file is to be examined.
struct SampledMessage {
    std::string place;  ///< the directory below the queue's, of one-character names: "", "A", "A/3"
    std::string name;
};

class QueueTally {
   public:
    explicit QueueTally(std::size_t most_samples = samples_per_queue)
        : most_samples_(most_samples) {}

    /// Counts a message of the queue; `name` is its queue id.
    void count(std::string_view name, std::string_view place, WallTime now);

    /// The messages to examine, in the order of count(); complete once all are counted. All of them
    /// up to most_samples, then every second, every fourth and so on: more than half of
    /// most_samples.
    [[nodiscard]] const std::vector<SampledMessage>& samples() const { return samples_; }

    /// The facts of a sampled message; a message that is gone has none.
    void add_size(std::uint64_t bytes);
    void add_arrival(WallTime arrival, WallTime now);

    /// If every id holds its arrival time, the ages are exact. Otherwise they are those of the
    /// sample alone. Why: messages with such ids would count more than the others.
    [[nodiscard]] QueueFigures figures() const;

   private:
    struct Ages {
        std::uint64_t known = 0;
        double sum = 0;
        std::array<std::uint64_t, age_bounds.size() + 1> classes{};
        std::optional<WallTime> oldest;

        void add(WallTime arrival, WallTime now);
    };

    void sample(std::string_view name, std::string_view place);

    std::size_t most_samples_;
    std::uint64_t stride_ = 1;
    std::uint64_t messages_ = 0;
    std::vector<SampledMessage> samples_;
    std::uint64_t sampled_sizes_ = 0;
    std::uint64_t sampled_bytes_ = 0;
    Ages by_id_;
    Ages by_sample_;
};

}  // namespace core
