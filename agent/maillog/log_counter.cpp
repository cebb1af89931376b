// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/log_counter.hpp"

#include "agent/base/log.hpp"

#include <utility>

namespace agent {

LogCounter::LogCounter(DeliveryMetrics& metrics, FileDescriptor position)
    : metrics_(metrics), file_(std::move(position)) {
    auto kept = file_.read();
    if (kept) {
        position_ = std::move(*kept);
    } else {
        log(Priority::warning, kept.error().message);
    }
}

void LogCounter::choose(core::MaillogSource wanted, core::StartupLogFacts::Source file) {
    using State = core::StartupLogFacts::Source;
    switch (wanted) {
        case core::MaillogSource::file: counted_ = Source::file; break;
        case core::MaillogSource::journal: counted_ = Source::journal; break;
        case core::MaillogSource::automatic:
            if (file == State::missing || file == State::unreadable) {
                counted_ = Source::journal;
            } else if (file != State::catching_up) {
                counted_ = Source::file;
            }
            break;
    }
    file_is_read_ = file == State::reading;
    publish_source();
}

void LogCounter::set_journal_is_read(bool is_read) {
    journal_is_read_ = is_read;
    publish_source();
}

void LogCounter::publish_source() {
    const bool is_read = counted_ == Source::file ? file_is_read_ : journal_is_read_;
    metrics_.set_source(is_read ? counted_ : std::nullopt);
}

void LogCounter::reached(std::optional<LogPosition> position, std::optional<core::WallTime> stamp,
                         bool more) {
    if (stamp || !more) {
        metrics_.set_behind(more ? stamp : std::nullopt);
    }
    if (!position || position == position_) {
        return;
    }
    position_ = std::move(position);
    if (const auto written = file_.write(*position_);
        !written && !std::exchange(write_failure_is_logged_, true)) {
        log(Priority::warning,
            written.error().message + "; a restart of the agent may count lines twice");
    }
}

}  // namespace agent
