// SPDX-License-Identifier: Apache-2.0
// Durations as people write them: a whole number and a unit, "250ms", "2s", "5m", "1h", "1d".
#pragma once

#include "core/base/result.hpp"
#include "core/base/time.hpp"

#include <string>
#include <string_view>

namespace core {

/// Exactly digits and one of ms, s, m, h, d. No sign, fraction, space or second unit; nothing
/// beyond the range of Duration. The error (malformed) says what is accepted.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

/// The exact value in the largest unit that divides it: 300000 ms is "5m", 1500 ms is "1500ms",
/// nothing is "0s". For every duration that is not negative, parse_duration() reads it back.
[[nodiscard]] std::string format_duration(Duration duration);

}  // namespace core
