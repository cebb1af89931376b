// SPDX-License-Identifier: Apache-2.0
// Times and ages as people and JSON read them.
#pragma once

#include "core/base/time.hpp"

#include <string>

namespace core {

/// "2026-11-22T10:15:04.126Z"
[[nodiscard]] std::string rfc3339(WallTime time);

/// "0 s", "42 s", "7 min", "3 h", "12 d": rounded down. Negative ages are "0 s".
[[nodiscard]] std::string describe_age(BootTime age);

}  // namespace core
