// SPDX-License-Identifier: Apache-2.0
#include "core/log_barrier.hpp"

#include <algorithm>

namespace core {

void LogBarrier::set(WallTime last, WallTime now) {
    last_ = std::min(last, now);
}

bool LogBarrier::passes(std::string_view line, WallTime now, const LocalTime& local_time) {
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
