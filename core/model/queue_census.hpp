// SPDX-License-Identifier: Apache-2.0
// What is queued, as one census found it: how many messages, how much, how old, queue by queue.
#pragma once

#include "core/base/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace core {

/// The directories that hold messages, in the order in which they are shown: a message's way, then
/// where it waits. qmgr(8), QUEUES; pickup(8); postsuper(1).
enum class MailQueue { incoming, active, deferred, hold, maildrop, corrupt };
inline constexpr std::size_t mail_queue_count = 6;

/// The directory's name, which is the value of the label "queue".
[[nodiscard]] std::string_view to_string(MailQueue queue) noexcept;
[[nodiscard]] const std::array<MailQueue, mail_queue_count>& all_mail_queues() noexcept;

/// Upper bounds, in seconds and inclusive, of the age distribution; above the last is one more
/// class.
inline constexpr std::array<double, 8> age_bounds{1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

struct QueueFigures {
    std::uint64_t messages = 0;       ///< exact when the census is complete
    std::uint64_t bytes = 0;          ///< of the queue files; estimated from bytes_sampled of them
    std::uint64_t bytes_sampled = 0;  ///< == messages: bytes is exact
    std::uint64_t ages_sampled = 0;   ///< == messages: the ages are exact
    double age_sum = 0;               ///< seconds, of the sampled ones
    std::array<std::uint64_t, age_bounds.size() + 1>
        ages{};                              ///< of the sampled ones, each in one class
    std::optional<WallTime> oldest_arrival;  ///< of the sampled ones
    bool operator==(const QueueFigures&) const = default;
};

/// How many of all the messages fall into each class of the age distribution, where the ages of a
/// sample are known: in sum QueueFigures::messages, or 0 where no age is.
[[nodiscard]] std::array<std::uint64_t, age_bounds.size() + 1> ages_of_all(
    const QueueFigures& figures) noexcept;

struct QueueCensus {
    std::array<QueueFigures, mail_queue_count> queues;  ///< indexed by MailQueue
    TimePoint at;                                       ///< when it ended
    std::chrono::milliseconds took{0};
    std::uint64_t operations = 0;  ///< of the file system, against census.budget
    bool complete = true;          ///< false: something could not be read
    std::string error;             ///< one line: the first that could not be read; "" when complete

    [[nodiscard]] const QueueFigures& of(MailQueue queue) const {
        return queues[static_cast<std::size_t>(queue)];
    }
};

}  // namespace core
