// SPDX-License-Identifier: Apache-2.0
// Single questions to systemd over the system bus, for processes that have nothing else to do than
// to wait for the answer. Each call makes a connection of its own and takes at most `within`,
// whatever the bus and systemd do.
#pragma once

#include "core/base/result.hpp"
#include "core/model/unit_properties.hpp"

#include <chrono>
#include <string>

namespace systemd {

/// Whether systemd is this host's service manager, sd_booted(3).
[[nodiscard]] bool manages_this_host();

/// How a unit stands. One that systemd does not know is inactive. Errors: missing or unavailable
/// (there is no bus), timed_out, refused (systemd says so).
[[nodiscard]] core::Result<core::StartingUnit> ask_unit(const std::string& unit,
                                                        std::chrono::milliseconds within);

/// Queues a job that starts the unit, and does not wait for it. The same errors.
[[nodiscard]] core::Result<void> start_unit(const std::string& unit,
                                            std::chrono::milliseconds within);

}  // namespace systemd
