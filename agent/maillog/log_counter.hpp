// SPDX-License-Identifier: Apache-2.0
// Counts each line of the mail log once, also across restarts of the agent, and either the file or
// the journal. The followers of the two pass their lines; this class decides which source counts
// and keeps the position. In the server's loop.
#pragma once

#include "agent/maillog/log_position.hpp"
#include "agent/metrics/delivery_metrics.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <optional>
#include <string_view>

namespace agent {

class LogCounter {
   public:
    using Source = DeliveryMetrics::Source;

    /// `metrics` outlives it. A damaged record is logged once and ignored.
    LogCounter(DeliveryMetrics& metrics, FileDescriptor position);

    /// Selects the source: the one in the settings, and with "auto" the file unless it is missing
    /// or unreadable. `file` is the state of the file; `catching_up` if that is unknown.
    void choose(core::MaillogSource wanted, core::StartupLogFacts::Source file);

    /// Whether the journal can be read; for the metric.
    void set_journal_is_read(bool is_read);

    [[nodiscard]] bool counts(Source source) const { return counted_ == source; }

    /// How far counting has come; at first the position of the earlier process. Absent when nothing
    /// of this boot was counted.
    [[nodiscard]] const std::optional<LogPosition>& position() const { return position_; }

    void count(std::string_view line, Source source) { metrics_.count(line, source); }

    /// After each batch of lines: its end (absent: unchanged), the stamp of its last line, and
    /// whether more lines follow.
    void reached(std::optional<LogPosition> position, std::optional<core::WallTime> stamp,
                 bool more);

    void set_lines_cut(std::uint64_t total) { metrics_.set_lines_cut(total); }

   private:
    void publish_source();

    DeliveryMetrics& metrics_;
    LogPositionFile file_;
    std::optional<LogPosition> position_;
    std::optional<Source> counted_;
    bool file_is_read_ = false;
    bool journal_is_read_ = false;
    bool write_failure_is_logged_ = false;
};

}  // namespace agent
