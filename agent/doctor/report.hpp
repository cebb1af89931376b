// SPDX-License-Identifier: Apache-2.0
// The findings of `doctor` as a table and as JSON.
#pragma once

#include "core/doctor/doctor.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// Aligned plain text without colours: the counts, one line per finding in the given order, then
/// the remedies. Each command is on a line of its own.
[[nodiscard]] std::string doctor_table(const std::vector<core::DoctorFinding>& findings,
                                       std::string_view host);

/// An array of {"check", "status", "output", "remedy", "commands"} in the given order; valid UTF-8,
/// ends with a newline.
[[nodiscard]] std::string doctor_json(const std::vector<core::DoctorFinding>& findings);

}  // namespace agent
