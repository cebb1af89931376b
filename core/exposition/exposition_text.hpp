// SPDX-License-Identifier: Apache-2.0
// Writes the Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats) and
// OpenMetrics 1.0.0 (prometheus.io/docs/specs/om/open_metrics_spec). Both show each family that has
// a series, in the order of the page. A histogram's buckets are cumulative and end with le="+Inf".
// Why: bounds are written as the reference clients write them, so that the series are the same.
#pragma once

#include "core/exposition/exposition.hpp"

#include <string>

namespace core {

enum class ExpositionFormat { prometheus, openmetrics };

/// For each family HELP, TYPE, then one line per sample. Ends with a line feed, unless it is empty.
[[nodiscard]] std::string prometheus_text(const Exposition& exposition);

/// For each family TYPE, UNIT where its name ends in one, HELP, then one line per sample; the last
/// line is "# EOF". A counter's family has the name of its samples without "_total". A counter
/// whose name has another end is of type unknown, which is the only way to keep its name. A bound
/// is never a bare whole number: "1.0", as the specification requires.
[[nodiscard]] std::string openmetrics_text(const Exposition& exposition);

/// The shortest decimal that reads back as the same number; "NaN", "+Inf", "-Inf".
[[nodiscard]] std::string metric_number(double value);

}  // namespace core
