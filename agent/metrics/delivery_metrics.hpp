// SPDX-License-Identifier: Apache-2.0
// What /metrics says of the mail that passed, as the log tells it. Names, labels and bounds are
// those of kumina/postfix_exporter where the meaning is the same, so that its dashboards keep
// working; the README has the table.
//
// What is closed (transports, statuses, stages, levels) exists from the start, or for a transport
// from its first delivery. A label whose value comes from the log is made printable and cut to
// max_label_value; a family with such labels takes max_series label sets and counts what has no
// place among them in postfix_elb_agent_series_dropped_total. One series set for all instances of
// Postfix whose lines are in one log.
#pragma once

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
    static constexpr std::size_t max_series = 100;
    static constexpr std::size_t max_label_value = 64;

    enum class Source { file, journal };

    explicit DeliveryMetrics(core::Exposition& exposition);
    ~DeliveryMetrics();
    DeliveryMetrics(const DeliveryMetrics&) = delete;
    DeliveryMetrics& operator=(const DeliveryMetrics&) = delete;

    /// One line without its newline. Cheap: a million lines take a fraction of a second.
    void count(std::string_view line, Source source);

    /// Which source is being counted; none: neither can be read.
    void set_source(std::optional<Source> source);

    /// The stamp of the last line that was read, while there are more behind it; absent at the end
    /// of the log.
    void set_behind(std::optional<core::WallTime> stamp);

    /// So many of the file's lines that were counted since the start had been cut.
    void set_lines_cut(std::uint64_t total);

    /// Before a page is rendered: the lag as it is now.
    void observe(core::WallTime now);

   private:
    struct Series;
    std::unique_ptr<Series> series_;
};

}  // namespace agent
