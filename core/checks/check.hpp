// SPDX-License-Identifier: Apache-2.0
// The checks: one row each. HTTP routes, metrics and documents follow from this table.
#pragma once

#include "core/base/time.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace core {

struct Facts;
struct Finding;
struct Settings;

/// In the order in which they are shown.
enum class Check { mount, queue_link, master_pid, startup_log, ownership, relink };

using CheckFunction = Finding(const Facts&, const Settings&, TimePoint now);
CheckFunction check_mount, check_queue_link, check_master_pid, check_startup_log, check_ownership,
    check_relink;

struct CheckRow {
    Check check;
    std::string_view name;
    CheckFunction* function;
    bool is_foundation;  ///< other checks fail because this one does
};

inline constexpr std::array check_table{
    CheckRow{Check::mount, "mount", check_mount, true},
    CheckRow{Check::queue_link, "queue_link", check_queue_link, true},
    CheckRow{Check::master_pid, "master_pid", check_master_pid, false},
    CheckRow{Check::startup_log, "startup_log", check_startup_log, false},
    CheckRow{Check::ownership, "ownership", check_ownership, true},
    CheckRow{Check::relink, "relink", check_relink, true},
};

inline constexpr std::size_t check_count = check_table.size();

/// The row of a check; rows are indexed by Check.
[[nodiscard]] constexpr const CheckRow& row_of(Check check) noexcept {
    return check_table[static_cast<std::size_t>(check)];
}

[[nodiscard]] constexpr std::string_view to_string(Check check) noexcept {
    return row_of(check).name;
}

}  // namespace core
