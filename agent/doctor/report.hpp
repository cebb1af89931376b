// SPDX-License-Identifier: Apache-2.0
// Findings of `doctor` as a table for people, and as JSON.
#pragma once

#include "core/doctor/doctor.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace agent {

/// Aligned plain text, no colours: how many of each, one line per finding in the order given, then
/// what to do about each that does not pass.
[[nodiscard]] std::string doctor_table(const std::vector<core::DoctorFinding>& findings,
                                       std::string_view host);

/// An array of {"check", "status", "output", "remedy"} in the order given; valid UTF-8, ends with a
/// newline.
[[nodiscard]] std::string doctor_json(const std::vector<core::DoctorFinding>& findings);

}  // namespace agent
