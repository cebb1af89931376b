// SPDX-License-Identifier: Apache-2.0
// Passes lines of a log that are later than a time, where only the stamps separate new lines from
// those that were counted.
#pragma once

#include "core/base/time.hpp"
#include "core/maillog/log_time.hpp"

#include <optional>
#include <string_view>

namespace core {

class TimestampFilter {
   public:
    /// Stops lines stamped `last` or earlier; a time in the future is taken for now. Without it all
    /// lines pass.
    void set(WallTime last, WallTime now);
    void reset() noexcept { last_.reset(); }

    /// Whether one is set that no line has passed yet.
    [[nodiscard]] bool is_closed() const noexcept { return last_.has_value(); }

    /// Whether the line passes. After the first that does, all pass. Why: a log is in order, and
    /// parsing a stamp costs time.
    [[nodiscard]] bool passes(std::string_view line, WallTime now, const LocalTime& local_time);

   private:
    std::optional<WallTime> last_;
};

}  // namespace core
