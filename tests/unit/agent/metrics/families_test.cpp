// SPDX-License-Identifier: Apache-2.0
// The rows of all metric families against the page and against their documentation.
#include "agent/metrics/agent_metrics.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace agent {
namespace {

struct Row {
    std::string name;
    std::string type;
    std::string help;
    std::string labels;
    bool has_series = false;
};

template <class Metric>
Row row_of(const core::MetricFamily<Metric>& family) {
    Row row{std::string(family.info.name), std::string(type_of(family.info)),
            std::string(family.info.help), "", !family.series.empty()};
    for (const std::string_view label : family.info.labels) {
        row.labels.append(row.labels.empty() || label.empty() ? "" : ",").append(label);
    }
    return row;
}

std::vector<Row> rows_of(const Metrics& metrics) {
    std::vector<Row> rows;
    for (const core::Exposition::AnyFamily& any : metrics.exposition().families()) {
        std::visit([&rows](const auto& family) { rows.push_back(row_of(family)); }, any);
    }
    return rows;
}

/// The line of the family in deploy/prometheus/METRICS.md.
std::string markdown(const Row& row) {
    const std::string labels = row.labels.empty() ? "" : "{" + row.labels + "}";
    return "| `" + row.name + labels + "` | " + row.type + " | " + row.help + " |\n";
}

TEST(MetricFamilies, EachIsARowOfTheDocumentation) {
    std::ifstream file(PEA_SOURCE_DIR "/deploy/prometheus/METRICS.md");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::set<std::string> table;  // sorted by name
    for (const Row& row : rows_of(Metrics())) {
        table.insert(markdown(row));
    }
    std::string expected = "| metric | type | meaning |\n|---|---|---|\n";
    for (const std::string& line : table) {
        expected += line;
    }
    EXPECT_THAT(text, testing::HasSubstr("\n" + expected + "\n"));
}

TEST(MetricFamilies, ThePageShowsHelpAndTypeOfEachRow) {
    Metrics metrics;
    const std::string page = metrics.render();
    for (const Row& row : rows_of(metrics)) {
        const std::string head = "# HELP " + row.name + " " + row.help + "\n# TYPE " + row.name +
                                 " " + row.type + "\n" + row.name;
        EXPECT_EQ(page.find(head) != std::string::npos, row.has_series) << head;
    }
}

TEST(MetricFamilies, NamesAreUniqueAndHelpTextsAreSentences) {
    std::set<std::string> names;
    for (const Row& row : rows_of(Metrics())) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_THAT(row.name, testing::MatchesRegex("(postfix|process)_[a-z_]+"));
        EXPECT_THAT(row.help, testing::MatchesRegex("[A-Z0-9].*\\.")) << row.name;
        EXPECT_EQ(row.type == "counter", row.name.ends_with("_total")) << row.name;
    }
}

}  // namespace
}  // namespace agent
