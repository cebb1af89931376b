// SPDX-License-Identifier: Apache-2.0
// The mail that passed, as the mail log shows it. Names, labels and bounds are those of
// kumina/postfix_exporter where the meaning is the same, so that its dashboards keep working;
// deploy/prometheus/METRICS.md lists the differences.
//
// Series of closed vocabularies (transports, statuses, stages, levels) exist from the start, those
// of a transport from its first delivery. A label value from the log is made printable and cut to
// max_label_value. A family with such labels has at most max_series label sets;
// postfix_elb_agent_series_dropped_total counts the rest. All instances of Postfix in one log share
// one set of series.
#pragma once

#include "agent/metrics/capped_family.hpp"
#include "core/base/time.hpp"
#include "core/exposition/exposition.hpp"
#include "core/maillog/delivery_line.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace agent {

class DeliveryMetrics {
   public:
    static constexpr std::size_t max_series = CappedFamily<core::Counter>::max_series;
    static constexpr std::size_t max_label_value = CappedFamily<core::Counter>::max_label_value;

    enum class Source { file, journal };

    explicit DeliveryMetrics(core::Exposition& exposition);
    ~DeliveryMetrics();
    DeliveryMetrics(const DeliveryMetrics&) = delete;
    DeliveryMetrics& operator=(const DeliveryMetrics&) = delete;

    /// Counts one line, without its newline. Cheap: a million lines take a fraction of a second.
    void count(std::string_view line, Source source);

    /// The source that is counted; none if neither can be read.
    void set_source(std::optional<Source> source);

    /// The time stamp of the last line read, while more lines follow; absent at the end of the log.
    void set_behind(std::optional<core::WallTime> stamp);

    /// The number of the file's lines that were cut, since the start.
    void set_lines_cut(std::uint64_t total);

    /// Sets the lag; to be called before a page is rendered.
    void observe(core::WallTime now);

   private:
    struct Series;
    std::unique_ptr<Series> series_;
};

}  // namespace agent
