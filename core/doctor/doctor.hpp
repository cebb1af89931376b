// SPDX-License-Identifier: Apache-2.0
// Judges the set-up of a machine: facts in, findings out, each with a remedy. The checks
// (core/checks/checks.hpp) judge the present; these rules judge the next boot, and every instance
// that starts from an image.
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

/// A running machine, or one that is about to become an image.
enum class DoctorSubject { machine, image };

/// In ascending order of urgency.
enum class DoctorStatus { pass, unknown, warn, fail };
[[nodiscard]] std::string_view to_string(DoctorStatus status) noexcept;

struct DoctorFinding {
    std::string_view check;  ///< stable: "postfix_gate"
    DoctorStatus status = DoctorStatus::unknown;
    std::string output;  ///< one line: what was found
    Remedy remedy;       ///< empty on pass
};

/// The units that DoctorFacts::units describes.
[[nodiscard]] std::vector<std::string> unit_names_for(const Settings& settings);

/// The units whose ordering cycles count.
[[nodiscard]] const std::vector<std::string>& units_that_must_start();

/// All findings, the passes too. The most urgent come first; among equals, causes before effects.
[[nodiscard]] std::vector<DoctorFinding> diagnose(const DoctorFacts& facts,
                                                  const Settings& settings, DoctorSubject subject);

/// The most urgent status; unknown without findings.
[[nodiscard]] DoctorStatus worst_of(const std::vector<DoctorFinding>& findings) noexcept;

}  // namespace core
