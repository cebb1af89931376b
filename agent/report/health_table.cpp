// SPDX-License-Identifier: Apache-2.0
#include "agent/report/health_table.hpp"

#include "core/base/printable.hpp"
#include "core/base/text_part.hpp"
#include "core/base/timestamp.hpp"
#include "core/checks/reason.hpp"
#include "core/verdict/verdict.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace agent {

namespace {

constexpr std::size_t longest_cell = 1000;
constexpr std::size_t longest_command = 4000;  // one that was cut would be another command
constexpr std::size_t padded_columns = 4;      // the last one, what was seen, is as long as it is
constexpr std::size_t gap = 2;
constexpr std::size_t least_seen =
    30;                           // with less room than that, what was seen gets lines of its own
constexpr std::size_t below = 4;  // where those begin

struct Line {
    std::array<std::string, padded_columns> cells;
    std::string seen;
    std::string_view colour;  // of the cell of the status; "" for none
};
constexpr std::size_t status_column = 1;

constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view bold = "\x1b[1m";

std::string_view colour_of(core::Status status) {
    switch (status) {
        case core::Status::pass: return "\x1b[32m";
        case core::Status::warn: return "\x1b[1;33m";
        case core::Status::fail: break;
    }
    return "\x1b[1;31m";
}

std::string painted(const std::string& text, std::string_view colour, const TableStyle& style) {
    return style.colour && !colour.empty() ? std::string(colour) + text + std::string(plain) : text;
}

/// Without the sequences that painted() wrote.
std::size_t visible(std::string_view word) {
    std::size_t size = 0;
    bool in_sequence = false;
    for (const char c : word) {
        in_sequence = in_sequence || c == '\x1b';
        size += in_sequence ? 0 : 1;
        in_sequence = in_sequence && c != 'm';
    }
    return size;
}

/// `text` in lines that fit the width after `indent`; the first continues a line that already has
/// `column` columns.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t column,
                    const TableStyle& style) {
    std::string out;
    bool begun = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (begun && style.width > 0 && column + 1 + visible(word) > style.width) {
            out.append("\n").append(indent, ' ');
            column = indent;
        } else if (begun) {
            out += ' ';
            ++column;
        }
        out.append(word);
        column += visible(word);
        begun = true;
    }
    return out;
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

Line line_of(const HealthReport::Row& row) {
    const std::string excuse =
        core::text_part(" (", core::printable(row.excuse, longest_cell), ")");
    const std::string reason = row.reason.empty() ? "-" : core::printable(row.reason, longest_cell);
    return {{core::printable(row.check, longest_cell),
             std::string(core::to_string(row.status)) + excuse, reason,
             row.age ? core::describe_age(*row.age) : "-"},
            core::printable(seen_of(row), longest_cell),
            colour_of(row.status)};
}

using Widths = std::array<std::size_t, padded_columns>;

std::size_t longest_word(std::string_view text) {
    std::size_t longest = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        longest = std::max(longest, end);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return longest;
}

/// Whether what was seen has room beside the columns, so that no path in it need be torn.
bool fits_beside(const std::vector<Line>& lines, const Widths& widths, const TableStyle& style) {
    std::size_t needed = least_seen;
    for (const Line& line : lines) {
        needed = std::max(needed, longest_word(line.seen));
    }
    for (const std::size_t width : widths) {
        needed += width + gap;
    }
    return style.width == 0 || needed <= style.width;
}

std::string aligned(const Line& line, const Widths& widths, bool beside, const TableStyle& style) {
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < padded_columns; ++i) {
        const std::string& cell = line.cells[i];
        out += i == status_column ? painted(cell, line.colour, style) : cell;
        out.append(widths[i] - cell.size() + gap, ' ');
        column += widths[i] + gap;
    }
    if (!beside) {
        out.erase(out.find_last_not_of(' ') + 1);
        out.append("\n").append(below, ' ');
        column = below;
    }
    out += wrapped(line.seen, column, column, style);
    out.erase(out.find_last_not_of(" \n") + 1);
    return out + "\n";
}

std::string table_of(const std::vector<Line>& lines, const TableStyle& style) {
    Widths widths{};
    for (const Line& line : lines) {
        for (std::size_t i = 0; i < padded_columns; ++i) {
            widths[i] = std::max(widths[i], line.cells[i].size());
        }
    }
    const bool beside = fits_beside(lines, widths, style);
    std::string out;
    for (const Line& line : lines) {
        out += aligned(line, widths, beside, style);
    }
    return out;
}

/// "mount missing"
std::string name_of(const HealthReport::Row& row) {
    return core::printable(row.check + " " + row.reason, longest_cell);
}

/// "fail", or both answers where they differ: "health pass, ready fail".
std::string answers(const HealthReport& report, const TableStyle& style) {
    const auto word = [&](core::Status status) {
        return painted(std::string(core::to_string(status)), colour_of(status), style);
    };
    const bool differ = report.ready && *report.ready != report.status;
    return differ ? "health " + word(report.status) + ", ready " + word(*report.ready)
                  : word(report.status);
}

/// The output of a check is in its row; without a row it is part of the headline.
std::string headline(const HealthReport& report,
                     const std::vector<const HealthReport::Row*>& faults, const TableStyle& style) {
    const std::string id = report.instance_id.empty() ? "instance unknown" : report.instance_id;
    std::string out =
        painted(core::printable(id, longest_cell), bold, style) + ": " + answers(report, style);
    if (!report.phase.empty()) {
        out += " (" + core::printable(report.phase, longest_cell) + ")";
    }
    if (!faults.empty()) {
        out += ", " + name_of(*faults.front());
    } else if (!report.output.empty()) {
        out += ", " + core::printable(report.output, longest_cell);
    }
    constexpr std::size_t indent = 4;
    return wrapped(out, indent, 0, style) + "\n";
}

std::string remedies(const std::vector<const HealthReport::Row*>& faults, const TableStyle& style) {
    constexpr std::size_t indent = 2;
    std::string out;
    for (const HealthReport::Row* row : faults) {
        if (row->remedy.advice.empty()) {
            continue;
        }
        out += out.empty() ? "\n" + painted("What to do:", bold, style) + "\n" : "";
        out += std::string(indent, ' ') +
               wrapped(name_of(*row) + ": " + core::printable(row->remedy.advice, longest_cell),
                       2 * indent, indent, style) +
               "\n";
        for (const std::string& command : row->remedy.commands) {
            out += std::string(3 * indent, ' ') + core::printable(command, longest_command) + "\n";
        }
    }
    return out.empty() ? out : out + "See man 7 postfix-elb-agent-reasons.\n";
}

}  // namespace

/// The pid of a master reads as one.
std::string seen_of(const HealthReport::Row& row) {
    if (!row.output.empty()) {
        return row.output;
    }
    const bool pid = row.check == to_string(core::Check::master_pid) && !row.observed.empty() &&
                     row.observed.find_first_not_of("0123456789") == std::string::npos;
    return (pid ? "pid " : "") + row.observed;
}

std::vector<const HealthReport::Row*> faults_by_cause(const HealthReport& report) {
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

std::string render_table(const HealthReport& report, const TableStyle& style) {
    std::vector<Line> lines{{{"CHECK", "STATUS", "REASON", "AGE"}, "SEEN", ""}};
    for (const HealthReport::Row& row : report.rows) {
        lines.push_back(line_of(row));
    }
    const std::vector<const HealthReport::Row*> faults = faults_by_cause(report);
    return headline(report, faults, style) + "\n" + table_of(lines, style) +
           remedies(faults, style);
}

std::string render_no_answer(std::string_view why, const TableStyle& style) {
    const std::string line = painted("no answer", colour_of(core::Status::fail), style) + ": " +
                             core::printable(why, longest_cell);
    return wrapped(line, 2, 0, style) + "\n";
}

}  // namespace agent
