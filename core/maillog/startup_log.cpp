// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/startup_log.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace core {
namespace {

using Source = StartupLogFacts::Source;

constexpr std::chrono::milliseconds one_tick{1};

/// The state of the heavier source is reported: pending or lost before read, and missing last.
int weight(Source source) {
    switch (source) {
        case Source::catching_up: return 4;
        case Source::lost: return 3;
        case Source::unreadable: return 2;
        case Source::reading: return 1;
        case Source::missing: break;
    }
    return 0;
}

bool is_later(const std::optional<WallTime>& one, WallTime other) {
    return one && *one > other;
}

/// The same line, in another log: a traditional stamp is cut to whole seconds.
bool is_harmless_in(const StartupLogFacts& other, const StartFailure& failure) {
    constexpr std::chrono::seconds same{1};
    return other.last_failure && other.last_failure->beside_master &&
           other.last_failure->kind == failure.kind &&
           std::chrono::abs(other.last_failure->at - failure.at) <= same;
}

/// Nothing in `other` cures the failure in `log`.
bool is_uncured_by(const StartupLogFacts& log, const StartupLogFacts& other) {
    return is_uncured(log) && !is_later(other.last_started, log.last_failure->at) &&
           !is_harmless_in(other, *log.last_failure);
}

std::optional<WallTime> later(const std::optional<WallTime>& one,
                              const std::optional<WallTime>& other) {
    return std::max(one, other);  // none is before any
}

}  // namespace

bool failed_last(const StartupLogFacts& log) {
    return log.last_failure && !is_later(log.last_started, log.last_failure->at);
}

bool is_uncured(const StartupLogFacts& log) {
    return failed_last(log) && !log.last_failure->beside_master;
}

StartupLogFacts merge(const StartupLogFacts& file, const StartupLogFacts& journal) {
    const bool journal_says = weight(journal.source) > weight(file.source);
    StartupLogFacts both = journal_says ? journal : file;
    for (const auto& [log, other] : {std::pair(&journal, &file), std::pair(&file, &journal)}) {
        if (is_uncured_by(*log, *other)) {
            both.last_failure = log->last_failure;
            both.last_started = log->last_started;
            both.path = both.source == Source::reading ? log->path : both.path;
            return both;
        }
    }
    // No failure is uncured. A failure that one log has cured stays so despite coarser stamps in
    // the other.
    const auto at = [](const StartupLogFacts& log) {
        return log.last_failure ? std::optional(log.last_failure->at) : std::nullopt;
    };
    both.last_failure = at(file) > at(journal) ? file.last_failure : journal.last_failure;
    both.last_started = later(file.last_started, journal.last_started);
    if (both.last_failure && !both.last_failure->beside_master && both.last_started) {
        both.last_started = std::max(*both.last_started, both.last_failure->at + one_tick);
    }
    return both;
}

}  // namespace core
