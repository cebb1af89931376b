// SPDX-License-Identifier: Apache-2.0
// Points in time that tests use.
#pragma once

#include "core/base/time.hpp"

#include <chrono>

namespace test {

/// 2026-11-22T10:00:00Z plus `since`, an hour after the boot plus `since`.
inline core::TimePoint moment(std::chrono::milliseconds since = std::chrono::milliseconds(0)) {
    using namespace std::chrono;
    const core::WallTime wall = sys_days(year(2026) / 11 / 22) + hours(10);
    return {wall + since, hours(1) + since};
}

}  // namespace test
