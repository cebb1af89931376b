// SPDX-License-Identifier: Apache-2.0
// Gathers the facts for `doctor`: reads the disk, /proc, /sys, systemd and the journal once, and
// changes nothing. It does not touch the shared mount: as root it asks the workers of `check`,
// which have a deadline.
#pragma once

#include "core/doctor/doctor.hpp"
#include "core/model/settings.hpp"
#include "core/verdict/verdict.hpp"

#include <functional>
#include <string>
#include <vector>

namespace agent {

struct DoctorInputs {
    core::Settings settings;  ///< the defaults if the given ones are invalid
    std::vector<std::string> settings_problems;
    std::string settings_file;
    core::DoctorSubject subject = core::DoctorSubject::machine;
    /// Runs every check once. Called at most once, by root, and never for an image.
    std::function<core::Result<core::Verdict>(const core::Settings&)> check;
};

/// `root` is the prefix of every path: "" is this host itself.
[[nodiscard]] core::DoctorFacts gather_doctor_facts(const DoctorInputs& inputs,
                                                    const std::string& root = "");

}  // namespace agent
