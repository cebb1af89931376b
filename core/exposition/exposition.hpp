// SPDX-License-Identifier: Apache-2.0
// Metrics as Prometheus and OpenMetrics know them: families with a name and a help text, of series
// with labels, each a gauge, a counter or a histogram. Who measures keeps a reference to a series
// and sets it; a renderer (core/exposition/exposition_text.hpp) reads them all. No I/O, no lock:
// one thread.
//
// Names, label names and that no two series of a family have the same labels are the caller's to
// get right: they are literals and closed vocabularies. Label values and help texts may be any
// UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace core {

class Gauge {
   public:
    void set(double value) { value_ = value; }
    [[nodiscard]] double value() const { return value_; }

   private:
    double value_ = 0;
};

/// Starts at 0 and never falls.
class Counter {
   public:
    void increment() { ++value_; }
    /// For what is counted elsewhere. A total that is less than before, or NaN, changes nothing.
    void raise_to(double total) { value_ = total > value_ ? total : value_; }
    [[nodiscard]] double value() const { return value_; }

   private:
    double value_ = 0;
};

class Histogram {
   public:
    /// The upper bounds of the buckets, inclusive, ascending and finite; one for all above the last
    /// is added.
    explicit Histogram(std::vector<double> bounds)
        : bounds_(std::move(bounds)), counts_(bounds_.size() + 1) {}

    void observe(double value);

    /// For what is counted elsewhere: one count for each bucket alone, as counts() has them.
    void assign(std::vector<std::uint64_t> counts, double sum) {
        counts_ = std::move(counts);
        sum_ = sum;
    }

    [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }
    /// How many fell into each bucket alone (not: into it and those below); the last is the one
    /// above all bounds.
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }
    [[nodiscard]] double sum() const { return sum_; }

   private:
    std::vector<double> bounds_;
    std::vector<std::uint64_t> counts_;
    double sum_ = 0;
};

/// Shown in the order in which they are given.
using MetricLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// `check="mount",state="pass"`: what stands between the braces, which is the same in both text
/// formats: a backslash, a double quote and a line feed are escaped.
[[nodiscard]] std::string label_text(MetricLabels labels);

template <class Metric>
struct MetricFamily {
    struct Series {
        std::string labels;  ///< label_text()
        Metric metric;
    };

    std::string name;  ///< with the suffix that OpenMetrics wants of its samples: a counter's ends
                       ///< in "_total"
    std::string help;
    Metric blank;               ///< what a new series begins as
    std::deque<Series> series;  ///< in the order of add(); they never move

    Metric& add(MetricLabels labels = {}) {
        return series.emplace_back(Series{label_text(labels), blank}).metric;
    }
};

/// All families of one page, in the order in which they were made. What it hands out lives as long
/// as it does.
class Exposition {
   public:
    using AnyFamily =
        std::variant<MetricFamily<Gauge>, MetricFamily<Counter>, MetricFamily<Histogram>>;

    Exposition() = default;
    Exposition(const Exposition&) = delete;
    Exposition& operator=(const Exposition&) = delete;

    MetricFamily<Gauge>& gauges(std::string_view name, std::string_view help) {
        return make(name, help, Gauge());
    }
    MetricFamily<Counter>& counters(std::string_view name, std::string_view help) {
        return make(name, help, Counter());
    }
    MetricFamily<Histogram>& histograms(std::string_view name, std::string_view help,
                                        std::vector<double> bounds) {
        return make(name, help, Histogram(std::move(bounds)));
    }

    [[nodiscard]] const std::deque<AnyFamily>& families() const { return families_; }

   private:
    template <class Metric>
    MetricFamily<Metric>& make(std::string_view name, std::string_view help, Metric blank) {
        AnyFamily& made = families_.emplace_back(
            MetricFamily<Metric>{std::string(name), std::string(help), std::move(blank), {}});
        return std::get<MetricFamily<Metric>>(made);
    }

    std::deque<AnyFamily> families_;
};

}  // namespace core
