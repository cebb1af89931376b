// SPDX-License-Identifier: Apache-2.0
// The Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
#pragma once

#include "core/exposition.hpp"

#include <string>

namespace core {

/// For each family that has a series: HELP, TYPE, then one line per sample. A histogram's buckets are cumulative and
/// end with le="+Inf". Ends with a line feed, unless it is empty.
[[nodiscard]] std::string prometheus_text(const Exposition& exposition);

/// The shortest decimal that reads back as the same number; "NaN", "+Inf", "-Inf".
[[nodiscard]] std::string metric_number(double value);

}  // namespace core
