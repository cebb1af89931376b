// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/timestamp_filter.hpp"

#include <algorithm>

namespace core {

void TimestampFilter::set(WallTime last, WallTime now) {
    last_ = std::min(last, now);
}

bool TimestampFilter::passes(std::string_view line, WallTime now, const LocalTime& local_time) {
    if (!last_) {
        return true;
    }
    const auto at = take_log_time(line, now, local_time);
    if (!at || *at <= *last_) {
        return false;
    }
    last_.reset();
    return true;
}

}  // namespace core
