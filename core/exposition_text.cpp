// SPDX-License-Identifier: Apache-2.0
#include "core/exposition_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

namespace core {
namespace {

std::string_view type_of(const Gauge& /*metric*/) {
    return "gauge";
}
std::string_view type_of(const Counter& /*metric*/) {
    return "counter";
}
std::string_view type_of(const Histogram& /*metric*/) {
    return "histogram";
}

/// In a help text a double quote stays as it is.
std::string escaped_help(std::string_view help) {
    std::string text;
    for (const char c : help) {
        switch (c) {
            case '\\': text += "\\\\"; break;
            case '\n': text += "\\n"; break;
            default: text += c;
        }
    }
    return text;
}

class Page {
   public:
    template <class Metric>
    void add(const MetricFamily<Metric>& family) {
        if (family.series.empty()) {
            return;
        }
        text_.append("# HELP ").append(family.name).append(" ").append(escaped_help(family.help));
        text_.append("\n# TYPE ").append(family.name).append(" ").append(type_of(family.blank)).append("\n");
        for (const auto& series : family.series) {
            samples(family.name, series.labels, series.metric);
        }
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

   private:
    template <class Metric>
    void samples(std::string_view name, std::string_view labels, const Metric& metric) {
        sample(name, "", labels, "", metric.value());
    }

    void samples(std::string_view name, std::string_view labels, const Histogram& histogram) {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
            count += histogram.counts()[i];
            const bool last = i == histogram.bounds().size();
            const std::string bound = "le=\"" + (last ? "+Inf" : metric_number(histogram.bounds()[i])) + "\"";
            sample(name, "_bucket", labels, bound, static_cast<double>(count));
        }
        sample(name, "_sum", labels, "", histogram.sum());
        sample(name, "_count", labels, "", static_cast<double>(count));
    }

    void sample(std::string_view name, std::string_view suffix, std::string_view labels, std::string_view more_labels,
                double value) {
        text_.append(name).append(suffix);
        if (!labels.empty() || !more_labels.empty()) {
            text_.append("{").append(labels);
            text_.append(labels.empty() || more_labels.empty() ? "" : ",").append(more_labels).append("}");
        }
        text_.append(" ").append(metric_number(value)).append("\n");
    }

    std::string text_;
};

}  // namespace

std::string metric_number(double value) {
    if (std::isnan(value)) {
        return "NaN";
    }
    if (std::isinf(value)) {
        return value > 0 ? "+Inf" : "-Inf";
    }
    std::array<char, 32> digits;  // the longest is "-2.2250738585072014e-308"
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return {digits.data(), end};
}

std::string prometheus_text(const Exposition& exposition) {
    Page page;
    for (const Exposition::AnyFamily& any : exposition.families()) {
        std::visit([&page](const auto& family) { page.add(family); }, any);
    }
    return page.take();
}

}  // namespace core
