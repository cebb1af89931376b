// SPDX-License-Identifier: Apache-2.0
// When the verdict changed and how the queues grew, for an operator after a fault. Bounded, in
// memory only: a restart of the agent loses it.
#pragma once

#include "core/base/time.hpp"
#include "core/model/queue_census.hpp"
#include "core/verdict/headline.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace core {

/// One change of the verdict: its time, and the new state and text.
struct VerdictChange {
    TimePoint at{};
    Status health = Status::fail;
    Status ready = Status::fail;
    Phase phase = Phase::starting;
    std::string text;  ///< "<check> <reason>: ...", or why no mail is wanted; "" without a fault
};

/// How many messages a complete census found in each queue.
struct QueueSample {
    TimePoint at{};
    std::array<std::uint64_t, mail_queue_count> messages{};  ///< indexed by MailQueue
};

class History {
   public:
    static constexpr std::size_t most_changes = 50;
    static constexpr std::size_t longest_text = 1000;  ///< bytes of one change's text
    /// One sample is kept per step, however many censuses are taken.
    static constexpr std::chrono::minutes sample_step{1};
    static constexpr std::chrono::hours sample_span{6};
    static constexpr std::size_t most_samples = sample_span / sample_step + 1;

    /// Keeps a change of the headline (answer, phase or cause); drops the oldest beyond the bound.
    void note(const Verdict& verdict);

    /// To be called with each census; ignores one that it has. An incomplete census gives no
    /// sample, because it would look like a queue that was emptied.
    void note(const QueueCensus& census);

    [[nodiscard]] const std::deque<VerdictChange>& changes() const noexcept {
        return changes_;
    }  ///< oldest first
    [[nodiscard]] const std::deque<QueueSample>& samples() const noexcept {
        return samples_;
    }  ///< oldest first
    [[nodiscard]] const std::optional<QueueCensus>& census() const noexcept {
        return census_;
    }  ///< the latest

   private:
    std::optional<Headline> latest_;
    std::deque<VerdictChange> changes_;
    std::deque<QueueSample> samples_;
    std::optional<QueueCensus> census_;
};

}  // namespace core
