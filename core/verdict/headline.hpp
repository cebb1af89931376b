// SPDX-License-Identifier: Apache-2.0
// The headline of a verdict, and whether a later verdict differs. Ages and counters in an output
// are no change.
#pragma once

#include "core/verdict/verdict.hpp"

#include <array>
#include <string>

namespace core {

/// The text of the worse answer: why /readyz fails where /health does not, else why health is not
/// pass. "" when all checks pass.
[[nodiscard]] const std::string& text_of(const Verdict& verdict);

/// The finding behind text_of(). An excused failure counts as one while only /readyz fails.
[[nodiscard]] Finding cause_of(const Verdict& verdict);

/// The parts of a verdict that an operator reads.
struct Headline {
    Phase phase{};
    Status health{};
    Status ready{};
    MountFault mount_fault{};  ///< none while text_of() is empty
    Check check{};
    Reason reason{};
    Excuse excuse{};

    friend bool operator==(const Headline&, const Headline&) = default;
};

[[nodiscard]] Headline headline_of(const Verdict& verdict);

/// The headline, and the state of each check.
struct VerdictKey {
    struct Row {
        Status status{};
        Reason reason{};
        Excuse excuse{};
        friend bool operator==(const Row&, const Row&) = default;
    };
    Headline headline;
    std::array<Row, check_count> checks{};

    friend bool operator==(const VerdictKey&, const VerdictKey&) = default;
};

/// Two verdicts with equal keys differ in no status, reason, excuse, phase or attribution.
[[nodiscard]] VerdictKey key_of(const Verdict& verdict);

}  // namespace core
