// SPDX-License-Identifier: Apache-2.0
#include "core/exposition/exposition.hpp"

#include "core/exposition/exposition_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace core {
namespace {

using testing::ElementsAre;

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Exposition, APageListsHelpTypeAndSamplesInOrder) {
    Exposition page;
    MetricFamily<Counter>& requests =
        page.add(CounterInfo{"requests_total", "Requests by path.", {"code", "path"}});
    Gauge& up = page.add(GaugeInfo{"up", "1 if it is up."}).add();
    Counter& other = requests.add({"404", "other"});
    Counter& health = requests.add({"200", "/health"});
    up.set(1);
    other.increment();
    health.increment();
    health.increment();
    EXPECT_EQ(prometheus_text(page),
              "# HELP requests_total Requests by path.\n"
              "# TYPE requests_total counter\n"
              "requests_total{code=\"404\",path=\"other\"} 1\n"
              "requests_total{code=\"200\",path=\"/health\"} 2\n"
              "# HELP up 1 if it is up.\n"
              "# TYPE up gauge\n"
              "up 1\n");
}

TEST(Exposition, AFamilyWithoutASeriesIsNotShown) {
    Exposition page;
    page.add(GaugeInfo{"empty", "No series."});
    EXPECT_EQ(prometheus_text(page), "");
}

TEST(Exposition, ReferencesStayValidWhenSeriesAreAdded) {
    Exposition page;
    MetricFamily<Gauge>& family = page.add(GaugeInfo{"first", "The first.", {"number"}});
    Gauge& gauge = family.add({"first"});
    for (int i = 0; i < 1000; ++i) {
        family.add({std::to_string(i)});
        page.add(GaugeInfo{"another", "Another."});
    }
    gauge.set(7);
    EXPECT_THAT(prometheus_text(page), testing::HasSubstr("first{number=\"first\"} 7\n"));
}

TEST(Exposition, BackslashQuoteAndLineFeedOfALabelValueAreEscaped) {
    Exposition page;
    page.add(GaugeInfo{"link", "Where it points.", {"text", "empty"}})
        .add({"C:\\a \"b\"\nc\t\xc3\xa4", ""});
    EXPECT_THAT(
        prometheus_text(page),
        testing::HasSubstr("\nlink{text=\"C:\\\\a \\\"b\\\"\\nc\t\xc3\xa4\",empty=\"\"} 0\n"));
}

TEST(Exposition, AHelpTextKeepsItsQuotesAndStaysOneLine) {
    Exposition page;
    page.add(GaugeInfo{"quoted", "Says \"yes\"\nor \\n."}).add();
    EXPECT_EQ(prometheus_text(page),
              "# HELP quoted Says \"yes\"\\nor \\\\n.\n"
              "# TYPE quoted gauge\n"
              "quoted 0\n");
}

TEST(Exposition, AHistogramShowsCumulativeBucketsSumAndCount) {
    Exposition page;
    constexpr std::array bounds{0.5, 1.0, 3600.0};
    Histogram& active =
        page.add(HistogramInfo{"age_seconds", "How old mail is.", {"queue"}, bounds})
            .add({"active"});
    for (const double age : {0.25, 0.5, 0.75, 3600.0, 3600.5}) {
        active.observe(age);
    }
    page.add_single(HistogramInfo{"plain_seconds", "Without labels.", {}, bounds}).observe(2);
    EXPECT_EQ(prometheus_text(page),
              "# HELP age_seconds How old mail is.\n"
              "# TYPE age_seconds histogram\n"
              "age_seconds_bucket{queue=\"active\",le=\"0.5\"} 2\n"
              "age_seconds_bucket{queue=\"active\",le=\"1\"} 3\n"
              "age_seconds_bucket{queue=\"active\",le=\"3600\"} 4\n"
              "age_seconds_bucket{queue=\"active\",le=\"+Inf\"} 5\n"
              "age_seconds_sum{queue=\"active\"} 7202\n"
              "age_seconds_count{queue=\"active\"} 5\n"
              "# HELP plain_seconds Without labels.\n"
              "# TYPE plain_seconds histogram\n"
              "plain_seconds_bucket{le=\"0.5\"} 0\n"
              "plain_seconds_bucket{le=\"1\"} 0\n"
              "plain_seconds_bucket{le=\"3600\"} 1\n"
              "plain_seconds_bucket{le=\"+Inf\"} 1\n"
              "plain_seconds_sum 2\n"
              "plain_seconds_count 1\n");
}

TEST(OpenMetrics, APageListsTypeUnitHelpSamplesAndTheEnd) {
    Exposition page;
    page.add(CounterInfo{"requests_total", "Requests by path.", {"path"}})
        .add({"/health"})
        .increment();
    page.add(CounterInfo{"cpu_seconds_total", "CPU time."}).add().raise_to(2.5);
    page.add(GaugeInfo{"memory_bytes", "What it uses."}).add().set(4096);
    page.add(GaugeInfo{"seconds", "A unit alone is none."}).add();
    page.add(GaugeInfo{"empty", "No series."});
    EXPECT_EQ(openmetrics_text(page),
              "# TYPE requests counter\n"
              "# HELP requests Requests by path.\n"
              "requests_total{path=\"/health\"} 1\n"
              "# TYPE cpu_seconds counter\n"
              "# UNIT cpu_seconds seconds\n"
              "# HELP cpu_seconds CPU time.\n"
              "cpu_seconds_total 2.5\n"
              "# TYPE memory_bytes gauge\n"
              "# UNIT memory_bytes bytes\n"
              "# HELP memory_bytes What it uses.\n"
              "memory_bytes 4096\n"
              "# TYPE seconds gauge\n"
              "# HELP seconds A unit alone is none.\n"
              "seconds 0\n"
              "# EOF\n");
    EXPECT_EQ(openmetrics_text(Exposition()), "# EOF\n");
}

TEST(OpenMetrics, ACounterWithoutTotalIsOfTypeUnknown) {
    Exposition page;
    page.add(CounterInfo{"status_deferred", "As another exporter calls it."}).add().increment();
    EXPECT_EQ(openmetrics_text(page),
              "# TYPE status_deferred unknown\n"
              "# HELP status_deferred As another exporter calls it.\n"
              "status_deferred 1\n"
              "# EOF\n");
}

TEST(OpenMetrics, EscapesAQuoteInAHelpText) {
    Exposition page;
    page.add(GaugeInfo{"quoted", "Says \"yes\"\nor \\n.", {"text"}}).add({"\"\\\n"});
    EXPECT_THAT(openmetrics_text(page),
                testing::HasSubstr("# HELP quoted Says \\\"yes\\\"\\nor \\\\n.\n"
                                   "quoted{text=\"\\\"\\\\\\n\"} 0\n"));
}

TEST(OpenMetrics, BoundsAreWrittenAsTheReferenceClientsDo) {
    Exposition page;
    constexpr std::array upper{0.00001, 0.0001, 0.25, 1.0, 100000.0, 123456.0, 1e6, 1234567.0, 1e8};
    page.add(HistogramInfo{"age_seconds", "How old mail is.", {"queue"}, upper})
        .add({"hold"})
        .observe(0.5);
    const auto bounds_of = [](const std::string& text) {
        std::vector<std::string> bounds;
        for (std::size_t at = text.find("le=\""); at != std::string::npos;
             at = text.find("le=\"", at + 1)) {
            bounds.push_back(text.substr(at + 4, text.find('"', at + 4) - at - 4));
        }
        return bounds;
    };
    EXPECT_THAT(bounds_of(prometheus_text(page)),
                ElementsAre("1e-05", "0.0001", "0.25", "1", "100000", "123456", "1e+06",
                            "1.234567e+06", "1e+08", "+Inf"));
    EXPECT_THAT(bounds_of(openmetrics_text(page)),
                ElementsAre("1e-05", "0.0001", "0.25", "1.0", "100000.0", "123456.0", "1e+06",
                            "1.234567e+06", "1e+08", "+Inf"));
    EXPECT_THAT(
        openmetrics_text(page),
        testing::HasSubstr(
            "# TYPE age_seconds histogram\n# UNIT age_seconds seconds\n# HELP age_seconds How "
            "old mail is.\nage_seconds_bucket{queue=\"hold\",le=\"1e-05\"} 0\n"));
}

TEST(Histogram, NaNAndInfinityAreCountedOnce) {
    Histogram histogram(std::array{1.0, 2.0});
    histogram.observe(std::numeric_limits<double>::quiet_NaN());
    histogram.observe(infinity);
    histogram.observe(-infinity);
    EXPECT_THAT(histogram.counts(), ElementsAre(1, 0, 2));
}

TEST(Counter, NeverFalls) {
    Counter counter;
    counter.raise_to(2.5);
    counter.raise_to(1);
    counter.raise_to(std::numeric_limits<double>::quiet_NaN());
    EXPECT_EQ(counter.value(), 2.5);
    counter.increment();
    EXPECT_EQ(counter.value(), 3.5);
}

TEST(MetricNumber, IsTheShortestTextThatReadsBack) {
    EXPECT_EQ(metric_number(0), "0");
    EXPECT_EQ(metric_number(1), "1");
    EXPECT_EQ(metric_number(-2.5), "-2.5");
    EXPECT_EQ(metric_number(0.1), "0.1");
    EXPECT_EQ(metric_number(0.1 + 0.2), "0.30000000000000004");
    EXPECT_EQ(metric_number(1234567), "1234567");
    EXPECT_EQ(metric_number(1795375457.105), "1795375457.105");
    EXPECT_EQ(metric_number(1e21), "1e+21");
    EXPECT_EQ(metric_number(-std::numeric_limits<double>::min()), "-2.2250738585072014e-308");
}

TEST(MetricNumber, NamesNaNAndInfinity) {
    EXPECT_EQ(metric_number(std::numeric_limits<double>::quiet_NaN()), "NaN");
    EXPECT_EQ(metric_number(-std::numeric_limits<double>::quiet_NaN()), "NaN");
    EXPECT_EQ(metric_number(infinity), "+Inf");
    EXPECT_EQ(metric_number(-infinity), "-Inf");
}

TEST(MetricNumber, ReadsBackAsTheSameNumber) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> digits(-1, 1);
    std::uniform_int_distribution<int> exponents(-1000, 1000);
    for (int i = 0; i < 10'000; ++i) {
        const double value = std::ldexp(digits(random), exponents(random));
        ASSERT_EQ(std::strtod(metric_number(value).c_str(), nullptr), value);
    }
}

}  // namespace
}  // namespace core
