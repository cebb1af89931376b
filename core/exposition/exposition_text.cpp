// SPDX-License-Identifier: Apache-2.0
#include "core/exposition/exposition_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <type_traits>
#include <utility>

namespace core {
namespace {

/// The suffix of a counter's samples; OpenMetrics names the family without it.
constexpr std::string_view total = "_total";

/// The units in which names of this program end. OpenMetrics has more.
constexpr std::array<std::string_view, 2> units{"seconds", "bytes"};

std::string_view unit_of(std::string_view family) {
    for (const std::string_view unit : units) {
        if (family.size() > unit.size() && family.ends_with(unit) &&
            family[family.size() - unit.size() - 1] == '_') {
            return unit;
        }
    }
    return {};
}

/// Only OpenMetrics escapes a double quote in a help text.
void append_help(std::string& text, std::string_view help, ExpositionFormat format) {
    const std::string_view quote = format == ExpositionFormat::openmetrics ? "\\\"" : "\"";
    for (const char c : help) {
        switch (c) {
            case '\\': text += "\\\\"; break;
            case '\n': text += "\\n"; break;
            case '"': text += quote; break;
            default: text += c;
        }
    }
}

template <class... Format>
std::string digits_of(double value, Format... format) {
    std::array<char, 32> digits;  // the longest is "-2.2250738585072014e-308"
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), value, format...).ptr;
    return {digits.data(), end};
}

/// Writes a bound as the reference clients do, so that the label is the same: an exponent from a
/// million on and below a ten-thousandth, and in OpenMetrics never a bare whole number.
/// "0.5", "100000", "1e+06"; "100000.0", "1e+06".
std::string bound_text(double bound, ExpositionFormat format) {
    std::string scientific = digits_of(bound, std::chars_format::scientific);
    int exponent = 0;
    const char* const sign = scientific.data() + scientific.find('e') + 1;
    std::from_chars(sign + (*sign == '+' ? 1 : 0), scientific.data() + scientific.size(), exponent);
    if (exponent < -4 || exponent >= 6) {
        return scientific;
    }
    std::string fixed = digits_of(bound, std::chars_format::fixed);
    const bool bare = fixed.find('.') == std::string::npos;
    return format == ExpositionFormat::openmetrics && bare ? fixed + ".0" : fixed;
}

class Page {
   public:
    explicit Page(ExpositionFormat format) : format_(format) {}

    template <class Metric>
    void add(const MetricFamily<Metric>& family) {
        if (family.series.empty()) {
            return;
        }
        if (format_ == ExpositionFormat::openmetrics) {
            openmetrics_head(family);
        } else {
            head("HELP", family.info.name);
            append_help(text_, family.info.help, format_);
            text_ += '\n';
            head("TYPE", family.info.name).append(type_of(family.info)).append("\n");
        }
        for (const auto& series : family.series) {
            samples(family.info.name, series.labels, series.metric);
        }
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

   private:
    std::string& head(std::string_view word, std::string_view name) {
        return text_.append("# ").append(word).append(" ").append(name).append(" ");
    }

    template <class Metric>
    void openmetrics_head(const MetricFamily<Metric>& family) {
        std::string_view name = family.info.name;
        std::string_view type = type_of(family.info);
        if constexpr (std::is_same_v<Metric, Counter>) {
            if (name.ends_with(total)) {
                name.remove_suffix(total.size());
            } else {
                type = "unknown";
            }
        }
        head("TYPE", name).append(type).append("\n");
        if (const std::string_view unit = unit_of(name); !unit.empty()) {
            head("UNIT", name).append(unit).append("\n");
        }
        head("HELP", name);
        append_help(text_, family.info.help, format_);
        text_ += '\n';
    }

    template <class Metric>
    void samples(std::string_view name, std::string_view labels, const Metric& metric) {
        sample(name, "", labels, "", metric.value());
    }

    void samples(std::string_view name, std::string_view labels, const Histogram& histogram) {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
            count += histogram.counts()[i];
            const bool last = i == histogram.bounds().size();
            const std::string bound = last ? "+Inf" : bound_text(histogram.bounds()[i], format_);
            sample(name, "_bucket", labels, "le=\"" + bound + "\"", static_cast<double>(count));
        }
        sample(name, "_sum", labels, "", histogram.sum());
        sample(name, "_count", labels, "", static_cast<double>(count));
    }

    void sample(std::string_view name, std::string_view suffix, std::string_view labels,
                std::string_view more_labels, double value) {
        text_.append(name).append(suffix);
        if (!labels.empty() || !more_labels.empty()) {
            text_.append("{").append(labels);
            text_.append(labels.empty() || more_labels.empty() ? "" : ",")
                .append(more_labels)
                .append("}");
        }
        text_.append(" ").append(metric_number(value)).append("\n");
    }

    ExpositionFormat format_;
    std::string text_;
};

std::string page_text(const Exposition& exposition, ExpositionFormat format) {
    Page page(format);
    for (const Exposition::AnyFamily& any : exposition.families()) {
        std::visit([&page](const auto& family) { page.add(family); }, any);
    }
    return page.take();
}

}  // namespace

std::string metric_number(double value) {
    if (std::isnan(value)) {
        return "NaN";
    }
    if (std::isinf(value)) {
        return value > 0 ? "+Inf" : "-Inf";
    }
    return digits_of(value);
}

std::string prometheus_text(const Exposition& exposition) {
    return page_text(exposition, ExpositionFormat::prometheus);
}

std::string openmetrics_text(const Exposition& exposition) {
    return page_text(exposition, ExpositionFormat::openmetrics) + "# EOF\n";
}

}  // namespace core
