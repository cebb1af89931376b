// SPDX-License-Identifier: Apache-2.0
// The table of `check`, `status` and `curl /`. The text may come from a socket: nothing in it can
// drive a terminal, and no byte of it but what TableStyle asks for is anything but printable ASCII
// and line ends.
#pragma once

#include "agent/report/health_json.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// How a table is to look where it is shown. The default is for a file or a pipe.
struct TableStyle {
    bool colour = false;    ///< by the sequences that every terminal since ECMA-48 takes
    std::size_t width = 0;  ///< columns; 0: lines are as long as they are
};

/// The verdict and the cause of it, one line per check, then what to do about each that does not
/// pass, the cause first. With a width, what was seen and what to do are wrapped between words. A
/// word is left whole, so that a path can be copied: where one would not fit beside the other
/// columns, what was seen has lines of its own.
[[nodiscard]] std::string render_table(const HealthReport& report, const TableStyle& style = {});

/// One line: why there is no answer. The first of a table that is no longer fresh.
[[nodiscard]] std::string render_no_answer(std::string_view why, const TableStyle& style);

/// The rows that do not pass, the worst first, of those the cause of the others first.
[[nodiscard]] std::vector<const HealthReport::Row*> faults_by_cause(const HealthReport& report);

/// What a row shows as seen: what is said of a fault, else the value itself.
[[nodiscard]] std::string seen_of(const HealthReport::Row& row);

}  // namespace agent
