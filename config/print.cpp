// SPDX-License-Identifier: Apache-2.0
#include "config/print.hpp"

#include "config/json_text.hpp"
#include "config/schema.hpp"

#include <algorithm>

namespace config {
namespace {

struct Line {
    std::string text;
    std::string comment;
};

std::string indented(std::size_t levels, std::string_view text) {
    return std::string(levels * 2, ' ').append(text);
}

// Without commas between the members.
std::vector<Line> lines_of(const Loaded& loaded) {
    std::vector<Line> lines{{"{", ""}};
    std::string_view open;
    for (const Key& key : schema()) {
        const std::string_view section = section_of(key.path);
        if (section != open && !open.empty()) {
            lines.push_back({indented(1, "}"), ""});
        }
        if (section != open && !section.empty()) {
            lines.push_back({indented(1, json_quoted(section) + ": {"), ""});
        }
        open = section;
        const std::string member =
            json_quoted(name_of(key.path)) + ": " + to_json(key.get(loaded.settings));
        const auto origin = loaded.origins.find(key.path);
        const bool is_default = origin == loaded.origins.end();
        lines.push_back({indented(section.empty() ? 1 : 2, member), "default"});
        if (!is_default) {
            lines.back().comment = origin->second;
        }
    }
    if (!open.empty()) {
        lines.push_back({indented(1, "}"), ""});
    }
    lines.push_back({"}", ""});
    return lines;
}

void separate_members(std::vector<Line>& lines) {
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        const bool opens = lines[i].text.ends_with('{');
        const bool next_closes = lines[i + 1].text.ends_with('}');  // no value is an object
        if (!opens && !next_closes) {
            lines[i].text += ",";
        }
    }
}

// Where the comments begin; a very long value pushes only its own one aside.
std::size_t comment_column(const std::vector<Line>& lines) {
    constexpr std::size_t furthest = 60;
    std::size_t column = 0;
    for (const Line& line : lines) {
        if (!line.comment.empty() && line.text.size() <= furthest) {
            column = std::max(column, line.text.size());
        }
    }
    return column;
}

}  // namespace

std::string print(const Loaded& loaded) {
    std::vector<Line> lines = lines_of(loaded);
    separate_members(lines);
    const std::size_t column = comment_column(lines);
    std::string text;
    for (Line& line : lines) {
        if (!line.comment.empty()) {
            line.text.resize(std::max(line.text.size(), column), ' ');
            line.text.append("  // ").append(line.comment);
        }
        text.append(line.text).append("\n");
    }
    return text;
}

}  // namespace config
