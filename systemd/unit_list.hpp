// SPDX-License-Identifier: Apache-2.0
// systemd's answer to ListUnitsByPatterns, org.freedesktop.systemd1(5).
#pragma once

#include "core/base/result.hpp"
#include "core/model/facts.hpp"

#include <string>
#include <string_view>
#include <vector>

struct sd_bus_message;

namespace systemd {

struct ListedUnit {
    core::UnitFacts facts;  ///< without has_processes, which the list lacks
    std::string path;       ///< its D-Bus object
};

/// Whether a unit of that name runs master(8); see systemd/units.hpp.
[[nodiscard]] bool runs_postfix(std::string_view unit);

/// Text of the bus, made fit for one line. "" for nullptr.
[[nodiscard]] std::string printable_text(const char* text);

/// The units of the answer that run Postfix, by name, at most max_units. Error: it has another
/// form.
[[nodiscard]] core::Result<std::vector<ListedUnit>> read_unit_list(sd_bus_message* answer);

}  // namespace systemd
