// SPDX-License-Identifier: Apache-2.0
// A point in time as core sees it: always an argument, never asked for.
#pragma once

#include <chrono>

namespace core {

/// A length of time, in milliseconds: of settings, deadlines and ages.
using Duration = std::chrono::milliseconds;

/// CLOCK_REALTIME: for people and for comparison with time stamps in logs. May step.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// CLOCK_BOOTTIME: time since this boot, suspend included. Never steps. For ages and deadlines.
using BootTime = std::chrono::milliseconds;

struct TimePoint {
    WallTime wall{};
    BootTime boot{};

    /// When this boot began, on the wall clock.
    [[nodiscard]] WallTime boot_began() const { return wall - boot; }
};

}  // namespace core
