// SPDX-License-Identifier: Apache-2.0
// The table of `check` and `status`. The text may come from a socket: nothing in it may drive a terminal.
#include "agent/server/health_json.hpp"
#include "core/health.hpp"
#include "core/printable.hpp"
#include "core/reason.hpp"
#include "core/timestamp.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace agent {

namespace {

constexpr std::size_t longest_cell = 1000;
constexpr std::size_t padded_columns = 4;  // the last one, the output, is as long as it is

using Cells = std::array<std::string, padded_columns + 1>;

/// The pid of a master reads as one.
std::string seen_of(const HealthReport::Row& row) {
    if (!row.output.empty()) {
        return row.output;
    }
    const bool pid = row.check == to_string(core::Check::master_pid) && !row.observed.empty() &&
                     row.observed.find_first_not_of("0123456789") == std::string::npos;
    return (pid ? "pid " : "") + row.observed;
}

/// A row of another version may name what is not known here: the last rank.
std::size_t rank_of(const HealthReport::Row& row) {
    for (const core::ReasonInfo& info : core::all_reasons()) {
        if (row.check == to_string(info.check) && row.reason == to_string(info.reason)) {
            return core::cause_rank(info.check, info.reason);
        }
    }
    return core::all_reasons().size();
}

/// The rows that do not pass, the cause of all first.
std::vector<const HealthReport::Row*> by_cause(const HealthReport& report) {
    std::vector<const HealthReport::Row*> rows;
    for (const HealthReport::Row& row : report.rows) {
        if (row.status != core::Status::pass) {
            rows.push_back(&row);
        }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
        return std::tuple(b->status, rank_of(*a)) < std::tuple(a->status, rank_of(*b));
    });
    return rows;
}

Cells cells_of(const HealthReport::Row& row) {
    const std::string excuse = row.excuse.empty() ? "" : " (" + core::printable(row.excuse, longest_cell) + ")";
    return {core::printable(row.check, longest_cell), std::string(core::to_string(row.status)) + excuse,
            row.reason.empty() ? "-" : core::printable(row.reason, longest_cell),
            row.age ? core::describe_age(*row.age) : "-", core::printable(seen_of(row), longest_cell)};
}

std::string aligned(const std::vector<Cells>& lines) {
    std::array<std::size_t, padded_columns> widths{};
    for (const Cells& cells : lines) {
        for (std::size_t i = 0; i < padded_columns; ++i) {
            widths[i] = std::max(widths[i], cells[i].size());
        }
    }
    std::string out;
    for (const Cells& cells : lines) {
        for (std::size_t i = 0; i < padded_columns; ++i) {
            out.append(cells[i]).append(widths[i] - cells[i].size() + 2, ' ');
        }
        out.append(cells.back());
        out.erase(out.find_last_not_of(' ') + 1);
        out.push_back('\n');
    }
    return out;
}

/// "mount missing"
std::string name_of(const HealthReport::Row& row) {
    return core::printable(row.check + " " + row.reason, longest_cell);
}

/// "fail", or both answers where they differ: "health pass, ready fail".
std::string answers(const HealthReport& report) {
    const std::string health(core::to_string(report.status));
    const bool differ = report.ready && *report.ready != report.status;
    return differ ? "health " + health + ", ready " + std::string(core::to_string(*report.ready)) : health;
}

/// What was seen stands in the row of that check; without a row it stands here.
std::string headline(const HealthReport& report, const std::vector<const HealthReport::Row*>& faults) {
    const std::string id = report.instance_id.empty() ? "instance unknown" : report.instance_id;
    std::string out = core::printable(id, longest_cell) + ": " + answers(report);
    if (!report.phase.empty()) {
        out += " (" + core::printable(report.phase, longest_cell) + ")";
    }
    if (!faults.empty()) {
        out += ", " + name_of(*faults.front());
    } else if (!report.output.empty()) {
        out += ", " + core::printable(report.output, longest_cell);
    }
    return out + "\n";
}

std::string remedies(const std::vector<const HealthReport::Row*>& faults) {
    std::string out;
    for (const HealthReport::Row* row : faults) {
        if (!row->remedy.empty()) {
            out += (out.empty() ? "\nWhat to do:\n" : "") + std::string("  ") + name_of(*row) + ": " +
                   core::printable(row->remedy, longest_cell) + "\n";
        }
    }
    return out;
}

}  // namespace

std::string render_table(const HealthReport& report) {
    std::vector<Cells> lines{{"CHECK", "STATUS", "REASON", "AGE", "SEEN"}};
    for (const HealthReport::Row& row : report.rows) {
        lines.push_back(cells_of(row));
    }
    const std::vector<const HealthReport::Row*> faults = by_cause(report);
    return headline(report, faults) + "\n" + aligned(lines) + remedies(faults);
}

}  // namespace agent
