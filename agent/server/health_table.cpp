// SPDX-License-Identifier: Apache-2.0
// The table of `check` and `status`. The text may come from a socket: nothing in it may drive a terminal.
#include "agent/server/health_json.hpp"
#include "core/printable.hpp"
#include "core/timestamp.hpp"

#include <algorithm>
#include <array>

namespace agent {

namespace {

constexpr std::size_t longest_cell = 1000;
constexpr std::size_t padded_columns = 4;  // the last one, the output, is as long as it is

using Cells = std::array<std::string, padded_columns + 1>;

Cells cells_of(const HealthReport::Row& row) {
    return {core::printable(row.check, longest_cell), std::string(core::to_string(row.status)),
            row.reason.empty() ? "-" : core::printable(row.reason, longest_cell),
            row.age ? core::describe_age(*row.age) : "-",
            core::printable(row.output.empty() ? row.observed : row.output, longest_cell)};
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

std::string headline(const HealthReport& report) {
    const std::string id = report.instance_id.empty() ? "instance unknown" : report.instance_id;
    std::string out = core::printable(id, longest_cell) + ": " + std::string(core::to_string(report.status));
    if (!report.phase.empty()) {
        out += " (" + core::printable(report.phase, longest_cell) + ")";
    }
    if (!report.output.empty()) {
        out += ", " + core::printable(report.output, longest_cell);
    }
    return out + "\n";
}

std::string remedies(const HealthReport& report) {
    std::string out;
    for (const HealthReport::Row& row : report.rows) {
        if (!row.remedy.empty()) {
            out += (out.empty() ? "\nWhat to do:\n" : "") + std::string("  ") +
                   core::printable(row.check + " " + row.reason, longest_cell) + ": " +
                   core::printable(row.remedy, longest_cell) + "\n";
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
    return headline(report) + "\n" + aligned(lines) + remedies(report);
}

}  // namespace agent
