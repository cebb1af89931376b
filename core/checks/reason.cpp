// SPDX-License-Identifier: Apache-2.0
#include "core/checks/reason.hpp"

#include <boost/describe/enum_to_string.hpp>

#include <algorithm>
#include <cassert>

namespace core {

namespace {

const ReasonInfo* find_row(Check check, Reason reason) noexcept {
    return std::ranges::find_if(reason_rows::table, [=](const ReasonInfo& row) {
        return row.check == check && row.reason == reason;
    });
}

}  // namespace

std::string_view to_string(Reason reason) noexcept {
    return boost::describe::enum_to_string(reason, "unknown");
}

std::span<const Check> all_checks() noexcept {
    static constexpr auto checks = [] {
        std::array<Check, check_count> all{};
        std::ranges::transform(check_table, all.begin(), &CheckRow::check);
        return all;
    }();
    return checks;
}

std::span<const ReasonInfo> all_reasons() noexcept {
    return reason_rows::table;
}

const ReasonInfo& reason_info(Check check, Reason reason) noexcept {
    const ReasonInfo* row = find_row(check, reason);
    assert(row != std::end(reason_rows::table) && "a pair that is not in the table");
    return *row;
}

std::size_t cause_rank(Check check, Reason reason) noexcept {
    return static_cast<std::size_t>(find_row(check, reason) - reason_rows::table);
}

}  // namespace core
