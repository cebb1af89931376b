// SPDX-License-Identifier: Apache-2.0
// What systemd has loaded of some units, asked once over the system bus: for `doctor`, which may
// wait a little.
#pragma once

#include "core/base/result.hpp"
#include "core/model/unit_properties.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace systemd {

/// One entry for each name, in that order; a unit that does not exist is "not-found". systemd reads
/// the files of a unit that it has not loaded, as for `systemctl show`; nothing changes. Errors:
/// unavailable (no bus, or no reply there), timed_out (not everything was answered within
/// `patience`), malformed.
[[nodiscard]] core::Result<std::vector<core::UnitProperties>> read_units(
    const std::vector<std::string>& names,
    std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace systemd
