// SPDX-License-Identifier: Apache-2.0
// The time stamp at the beginning of a mail log's line: RFC 3339
// ("2026-11-22T10:15:03.543207+00:00", what rsyslog writes on Debian 12 and later) or traditional
// ("Nov 22 10:19:24", RFC 3164; also what Postfix's own maillog_file has).
//
// A traditional stamp has no year: it is taken for the latest such time that is not more than a day
// after now, so a line that is over a year old passes for a younger one. It is in local time; the
// conversion is an argument, since the time zone is the operating system's to know.
#pragma once

#include "core/base/time.hpp"

#include <ctime>
#include <functional>
#include <optional>
#include <string_view>

namespace core {

/// Local calendar time (tm_year to tm_sec are set, tm_isdst is -1) to a point in time, as mktime(3)
/// does.
using LocalTime = std::function<WallTime(const std::tm&)>;

/// Takes the stamp and the blank after it off the front of `line`. Absent, and `line` as it was, if
/// it has none.
[[nodiscard]] std::optional<WallTime> take_log_time(std::string_view& line, WallTime now,
                                                    const LocalTime& local_time);

/// What take_log_time() leaves of a line with a stamp, without looking whether it is one; of any
/// other line, some tail.
[[nodiscard]] std::string_view after_log_time(std::string_view line);

}  // namespace core
