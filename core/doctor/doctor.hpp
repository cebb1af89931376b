// SPDX-License-Identifier: Apache-2.0
// Is this machine set up as it must be? Facts to findings, each with what was seen and what to do.
// Not whether all is right now (core/checks/checks.hpp), but whether it will be at the next boot,
// or on every instance of an image.
//
// Sources: org.freedesktop.systemd1(5), systemd.unit(5), systemd.mount(5), cloud-init's units,
// Postfix's units as the distributions ship them.
#pragma once

#include "core/doctor/facts.hpp"
#include "core/model/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace core {

/// What is looked at: a machine as it runs, or one that is about to become an image.
enum class DoctorSubject { machine, image };

/// In rising order of how much it wants to be read.
enum class DoctorStatus { pass, unknown, warn, fail };
[[nodiscard]] std::string_view to_string(DoctorStatus status) noexcept;

struct DoctorFinding {
    std::string_view check;  ///< stable: "postfix_gate"
    DoctorStatus status = DoctorStatus::unknown;
    std::string output;  ///< one line: what was seen
    std::string remedy;  ///< one line: what to type; "" on pass
};

/// The units that DoctorFacts::units is about.
[[nodiscard]] std::vector<std::string> unit_names_for(const Settings& settings);

/// The units of which an ordering cycle is told.
[[nodiscard]] const std::vector<std::string>& units_that_must_start();

/// Everything that was looked at, those that pass too: the worst first, and of those that are as
/// bad the cause first.
[[nodiscard]] std::vector<DoctorFinding> diagnose(const DoctorFacts& facts,
                                                  const Settings& settings, DoctorSubject subject);

/// Of all findings; unknown where there are none.
[[nodiscard]] DoctorStatus worst_of(const std::vector<DoctorFinding>& findings) noexcept;

}  // namespace core
