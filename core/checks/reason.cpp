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

std::string escaped(std::string_view text) {
    std::string out;
    for (const char byte : text) {
        out.append(byte == '|' ? "\\" : "").push_back(byte);
    }
    return out;
}

std::string markdown_of(const ReasonInfo& row) {
    std::string out = "| `" + std::string(to_string(row.check)) + "` | `" +
                      std::string(to_string(row.reason)) + "` | " + escaped(row.meaning) + " | " +
                      escaped(row.remedy.advice);
    for (const std::string_view command : row.remedy.lines()) {
        out += "<br>`" + escaped(command) + "`";
    }
    return out + " |\n";
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

std::string reason_table_markdown() {
    std::string out = "| check | reason | what was seen | what to do |\n|---|---|---|---|\n";
    for (const Check check : all_checks()) {
        for (const ReasonInfo& row : all_reasons()) {
            out += row.check == check ? markdown_of(row) : "";
        }
    }
    return out;
}

}  // namespace core
