// SPDX-License-Identifier: Apache-2.0
// Lets lines of a log pass that are later than a time, where nothing but the stamps can tell what
// was read before.
#pragma once

#include "core/base/time.hpp"
#include "core/maillog/log_time.hpp"

#include <optional>
#include <string_view>

namespace core {

class TimestampFilter {
   public:
    /// Stops what is stamped `last` or earlier; a time that lies in the future is taken for now.
    /// Without it all passes.
    void set(WallTime last, WallTime now);
    void reset() noexcept { last_.reset(); }

    /// Whether one is set that no line has passed yet.
    [[nodiscard]] bool is_closed() const noexcept { return last_.has_value(); }

    /// Whether the line passes. The first that does opens the way for all behind it: a log is in
    /// order, and to read a stamp takes its time.
    [[nodiscard]] bool passes(std::string_view line, WallTime now, const LocalTime& local_time);

   private:
    std::optional<WallTime> last_;
};

}  // namespace core
