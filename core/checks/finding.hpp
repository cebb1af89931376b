// SPDX-License-Identifier: Apache-2.0
// The result of one check.
#pragma once

#include "core/base/remedy.hpp"
#include "core/base/time.hpp"
#include "core/checks/reason.hpp"

#include <array>
#include <string>
#include <string_view>

namespace core {

enum class Status { pass, warn, fail };
[[nodiscard]] std::string_view to_string(Status status) noexcept;

/// Why a failure is no reason to replace this instance: it fails /readyz, and only warns at
/// /health.
enum class Excuse {
    none,
    shared_fault,  ///< the file server is silent for all instances
    restarting,    ///< systemd is starting Postfix again
};
[[nodiscard]] std::string_view to_string(Excuse excuse) noexcept;

struct Finding {
    Check check = Check::mount;
    Status status = Status::fail;
    Reason reason = Reason::none;  ///< none exactly when status is pass
    Certainty certainty = Certainty::doubtful;
    Excuse excuse = Excuse::none;  ///< a request; core/verdict/excuses.hpp grants it
    std::string observed;          ///< the value: a link's text, a pid, a mount's source
    std::string output;            ///< one line that names the paths and values; "" on pass
    Remedy remedy;                 ///< empty on pass
    TimePoint at{};                ///< when its facts were observed
};

using Findings = std::array<Finding, check_count>;  ///< indexed by Check

}  // namespace core
