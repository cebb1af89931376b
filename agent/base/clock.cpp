// SPDX-License-Identifier: Apache-2.0
#include "agent/base/clock.hpp"

namespace agent {
namespace {

std::chrono::milliseconds read_clock(clockid_t id) {
    timespec value{};
    ::clock_gettime(id, &value);
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::seconds(value.tv_sec) + std::chrono::nanoseconds(value.tv_nsec));
}

}  // namespace

core::TimePoint now() {
    return {core::WallTime(read_clock(CLOCK_REALTIME)), read_clock(CLOCK_BOOTTIME)};
}

core::WallTime from_local_time(std::tm fields) {
    fields.tm_isdst = -1;
    return core::WallTime(std::chrono::seconds(std::mktime(&fields)));
}

}  // namespace agent
