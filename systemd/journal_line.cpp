// SPDX-License-Identifier: Apache-2.0
#include "systemd/journal_line.hpp"

#include "core/base/printable.hpp"
#include "core/base/timestamp.hpp"

#include <array>
#include <cstdio>

namespace systemd {
namespace {

std::string stamp_of(Microseconds time) {
    const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time);
    std::string stamp = core::rfc3339(core::WallTime(milliseconds));
    std::array<char, 8> rest{};
    std::snprintf(rest.data(), rest.size(), "%03d",
                  static_cast<int>((time - milliseconds).count()));
    return stamp.insert(stamp.size() - 1, rest.data());
}

// Neither field has a blank in a log file.
std::string_view one_word(std::string_view text) {
    return text.empty() || text.find(' ') != std::string_view::npos ? "-" : text;
}

}  // namespace

Microseconds wall_time_of(const JournalEntry& entry, const Clocks& now) {
    const bool of_this_boot =
        entry.realtime >= now.realtime - now.boottime && entry.realtime <= now.realtime;
    return of_this_boot ? entry.realtime : now.realtime - (now.monotonic - entry.monotonic);
}

std::string journal_line(const JournalEntry& entry, const Clocks& now) {
    std::string line = stamp_of(wall_time_of(entry, now)) + ' ';
    line.append(one_word(entry.host)).append(" ").append(one_word(entry.identifier));
    if (!entry.pid.empty()) {
        line.append("[").append(entry.pid).append("]");
    }
    line.append(": ").append(entry.message);
    return core::printable(line, max_journal_line);
}

}  // namespace systemd
