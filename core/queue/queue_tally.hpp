// SPDX-License-Identifier: Apache-2.0
// The figures of one queue, gathered from a stream of names in little memory: every name is
// counted, and of an evenly spread few it is kept so that their files can be looked at. Pure.
#pragma once

#include "core/base/time.hpp"
#include "core/model/queue_census.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace core {

/// Of how many messages of each queue the files are looked at, at most. An estimate by so many is
/// off by a tenth or two where the sizes or ages are as unlike as mail's are; a queue that has no
/// more is exact.
inline constexpr std::size_t samples_per_queue = 200;

/// A message whose file is to be looked at.
struct SampledMessage {
    std::string
        place;  ///< the directory below the queue's own, of one-character names: "", "A", "A/3"
    std::string name;
};

class QueueTally {
   public:
    explicit QueueTally(std::size_t most_samples = samples_per_queue)
        : most_samples_(most_samples) {}

    /// A message of that name (a queue id) stands in the queue.
    void count(std::string_view name, std::string_view place, WallTime now);

    /// The messages to look at, in the order in which they came; complete once all are counted.
    /// Every one while there are no more than most_samples, then every second, every fourth and so
    /// on: always more than half of most_samples.
    [[nodiscard]] const std::vector<SampledMessage>& samples() const { return samples_; }

    /// What was found of a sampled one; of one that has gone meanwhile nothing is.
    void add_size(std::uint64_t bytes);
    void add_arrival(WallTime arrival, WallTime now);

    /// Where every id told its arrival the ages are exact. Where one did not they are those of the
    /// sample alone, or the messages whose ids do tell would count for more than the others.
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
