// SPDX-License-Identifier: Apache-2.0
// Deadlines as libsystemd gives them: microseconds on CLOCK_MONOTONIC, UINT64_MAX for none.
#pragma once

#include <time.h>

#include <chrono>
#include <climits>
#include <cstdint>

namespace systemd {

[[nodiscard]] inline std::chrono::microseconds clock_now(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) +
           std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::nanoseconds(time.tv_nsec));
}

[[nodiscard]] inline std::uint64_t monotonic_now() {
    return static_cast<std::uint64_t>(clock_now(CLOCK_MONOTONIC).count());
}

/// What poll(2) takes; rounded up, so that the deadline has passed when poll returns. -1: none.
[[nodiscard]] inline int timeout_until(std::uint64_t deadline) {
    if (deadline == UINT64_MAX) {
        return -1;
    }
    const std::uint64_t now = monotonic_now();
    const std::uint64_t left = deadline > now ? (deadline - now + 999) / 1000 : 0;
    return left > INT_MAX ? INT_MAX : static_cast<int>(left);
}

}  // namespace systemd
