// SPDX-License-Identifier: Apache-2.0
// Counts the mail log once: of the file and the journal only one, and nothing of it twice, across a
// restart of the agent too. Those that follow the two give it their lines; it knows which of them
// counts and how far that has come.
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

    /// `metrics` outlives it. A damaged record is said once and ignored.
    LogCounter(DeliveryMetrics& metrics, FileDescriptor position);

    /// Which source counts from now on: the one that is wanted, and with "auto" the file, unless it
    /// is known to be missing or unreadable. `file` is how the file stands: `catching_up` where
    /// that is not known yet.
    void choose(core::MaillogSource wanted, core::StartupLogFacts::Source file);

    /// How the journal stands, where it counts.
    void set_journal_is_read(bool is_read);

    [[nodiscard]] bool counts(Source source) const { return counted_ == source; }

    /// Where the counting stands: the earlier agent's place until this one has come further. Absent
    /// when nothing of this boot was counted yet.
    [[nodiscard]] const std::optional<LogPosition>& position() const { return position_; }

    void count(std::string_view line, Source source) { metrics_.count(line, source); }

    /// After each batch of lines: where it ends (absent: where it was before), the stamp of its
    /// last line, and whether there is more behind it.
    void reached(std::optional<LogPosition> position, std::optional<core::WallTime> stamp,
                 bool more);

    void set_lines_cut(std::uint64_t total) { metrics_.set_lines_cut(total); }

   private:
    void tell_source();

    DeliveryMetrics& metrics_;
    LogPositionFile file_;
    std::optional<LogPosition> position_;
    std::optional<Source> counted_;
    bool file_is_read_ = false;
    bool journal_is_read_ = false;
    bool said_that_it_fails_ = false;
};

}  // namespace agent
