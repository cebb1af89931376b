// SPDX-License-Identifier: Apache-2.0
// Single calls to systemd over the system bus, for processes that may block. Each call opens its
// own connection and takes at most `within`, even if the bus or systemd hangs.
#pragma once

#include "core/base/result.hpp"
#include "core/model/unit_properties.hpp"

#include <chrono>
#include <string>

namespace systemd {

/// Whether systemd is this host's service manager, sd_booted(3).
[[nodiscard]] bool manages_this_host();

/// The state of a unit; one that systemd does not know is inactive. Errors: missing or unavailable
/// (there is no bus), timed_out, refused (by systemd).
[[nodiscard]] core::Result<core::StartingUnit> ask_unit(const std::string& unit,
                                                        std::chrono::milliseconds within);

/// Queues a job that starts the unit, and does not wait for it. The same errors.
[[nodiscard]] core::Result<void> start_unit(const std::string& unit,
                                            std::chrono::milliseconds within);

}  // namespace systemd
