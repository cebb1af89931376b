// SPDX-License-Identifier: Apache-2.0
// Metrics as Prometheus and OpenMetrics know them: families of series, each series a gauge, a
// counter or a histogram. A caller keeps a reference to a series and sets it; a renderer
// (core/exposition/exposition_text.hpp) reads them all. No I/O and no lock: one thread.
//
// A family is described once, in a constexpr row (FamilyInfo). The page, the documentation and the
// tests read that row. The caller ensures that no two series of a family have the same labels.
// Label values and help texts may be any UTF-8.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
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
    /// For a total that is counted elsewhere. One that is less than before, or NaN, changes
    /// nothing.
    void raise_to(double total) { value_ = total > value_ ? total : value_; }
    [[nodiscard]] double value() const { return value_; }

   private:
    double value_ = 0;
};

class Histogram {
   public:
    /// `bounds`: the upper bounds of the buckets, inclusive, ascending and finite. A bucket for all
    /// values above the last bound is added.
    explicit Histogram(std::span<const double> bounds)
        : bounds_(bounds.begin(), bounds.end()), counts_(bounds_.size() + 1) {}

    void observe(double value);

    /// For values that are counted elsewhere; `counts` as counts() returns them.
    void assign(std::vector<std::uint64_t> counts, double sum) {
        counts_ = std::move(counts);
        sum_ = sum;
    }

    [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }
    /// The number of values in each bucket alone (not cumulative); the last bucket is above all
    /// bounds.
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }
    [[nodiscard]] double sum() const { return sum_; }

   private:
    std::vector<double> bounds_;
    std::vector<std::uint64_t> counts_;
    double sum_ = 0;
};

/// One family as it is declared: what a page, a table of all metrics and a test say of it.
template <class Metric>
struct FamilyInfo {
    std::string_view name;  ///< a counter's ends in "_total", as OpenMetrics requires
    std::string_view help;
    std::array<std::string_view, 5> labels{};  ///< in the order of the page; the unused ones are ""
    std::span<const double> bounds{};          ///< of a histogram's buckets
};
using GaugeInfo = FamilyInfo<Gauge>;
using CounterInfo = FamilyInfo<Counter>;
using HistogramInfo = FamilyInfo<Histogram>;

[[nodiscard]] constexpr std::string_view type_of(const GaugeInfo& /*family*/) {
    return "gauge";
}
[[nodiscard]] constexpr std::string_view type_of(const CounterInfo& /*family*/) {
    return "counter";
}
[[nodiscard]] constexpr std::string_view type_of(const HistogramInfo& /*family*/) {
    return "histogram";
}

/// `check="mount",state="pass"`: the text between the braces, the same in both text formats. A
/// backslash, a double quote and a line feed of a value are escaped.
[[nodiscard]] std::string label_text(std::span<const std::string_view> names,
                                     std::span<const std::string_view> values);

template <class Metric>
struct MetricFamily {
    struct Series {
        std::string labels;  ///< label_text()
        Metric metric;
    };

    FamilyInfo<Metric> info;
    std::deque<Series> series;  ///< in the order of add(); they never move

    /// `values` of the family's labels, in their order.
    Metric& add(std::span<const std::string_view> values) {
        assert(values.size() <= info.labels.size());
        assert(values.size() == info.labels.size() || info.labels[values.size()].empty());
        return series.emplace_back(Series{label_text(info.labels, values), make()}).metric;
    }
    Metric& add(std::initializer_list<std::string_view> values = {}) {
        return add(std::span(values.begin(), values.size()));
    }

   private:
    Metric make() const {
        if constexpr (std::is_same_v<Metric, Histogram>) {
            return Histogram(info.bounds);
        } else {
            return Metric();
        }
    }
};

/// All families of one page, in the order of add(). The references that it returns are valid as
/// long as it exists.
class Exposition {
   public:
    using AnyFamily =
        std::variant<MetricFamily<Gauge>, MetricFamily<Counter>, MetricFamily<Histogram>>;

    Exposition() = default;
    Exposition(const Exposition&) = delete;
    Exposition& operator=(const Exposition&) = delete;

    /// The texts of `info` are literals.
    template <class Metric>
    MetricFamily<Metric>& add(const FamilyInfo<Metric>& info) {
        MetricFamily<Metric> family{info, {}};
        return std::get<MetricFamily<Metric>>(families_.emplace_back(std::move(family)));
    }

    /// A family of one series, without labels.
    template <class Metric>
    Metric& add_single(const FamilyInfo<Metric>& info) {
        return add(info).add();
    }

    [[nodiscard]] const std::deque<AnyFamily>& families() const { return families_; }

   private:
    std::deque<AnyFamily> families_;
};

}  // namespace core
