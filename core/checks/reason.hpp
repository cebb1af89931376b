// SPDX-License-Identifier: Apache-2.0
// Looks up the rows of the table of reasons.
#pragma once

#include "core/checks/reason_table.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace core {

[[nodiscard]] std::string_view to_string(Reason reason) noexcept;

/// All checks, in the order in which they are shown.
[[nodiscard]] std::span<const Check> all_checks() noexcept;

/// All reasons that a check can give, the cause before its consequences.
[[nodiscard]] std::span<const ReasonInfo> all_reasons() noexcept;

/// The row of (check, reason). The pair must be in the table.
[[nodiscard]] const ReasonInfo& reason_info(Check check, Reason reason) noexcept;

/// The index of the row: of several faults the one with the lowest rank is the headline.
/// Reason::none has the last rank.
[[nodiscard]] std::size_t cause_rank(Check check, Reason reason) noexcept;

}  // namespace core
