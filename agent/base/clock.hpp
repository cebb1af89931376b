// SPDX-License-Identifier: Apache-2.0
// The one place that asks for the time.
#pragma once

#include "core/base/time.hpp"

#include <ctime>

namespace agent {

[[nodiscard]] core::TimePoint now();

/// mktime(3) in the process's time zone: a mail log's traditional stamps are local time.
[[nodiscard]] core::WallTime from_local_time(std::tm fields);

}  // namespace agent
