// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/log_lines.hpp"

namespace agent {
namespace {

constexpr std::size_t longest_stamp = 40;

}  // namespace

void LogLines::feed(std::string_view bytes, Part part, core::WallTime boot_began,
                    core::WallTime now) {
    splitter_.feed(bytes, [&](std::string_view line) { on_line(line, part, boot_began, now); });
}

void LogLines::finish(Part part, core::WallTime boot_began, core::WallTime now) {
    splitter_.finish([&](std::string_view line) { on_line(line, part, boot_began, now); });
}

void LogLines::on_line(std::string_view line, Part part, core::WallTime boot_began,
                       core::WallTime now) {
    line_begin_ = line.substr(0, longest_stamp);
    history_.feed(line, boot_began, now);
    const bool cut = std::exchange(all_lines_cut_, splitter_.lines_cut()) != splitter_.lines_cut();
    if (count_ && part == Part::to_count && filter_.passes(line, now, local_time_)) {
        lines_cut_ += cut ? 1 : 0;
        count_(line);
    }
}

std::optional<core::WallTime> LogLines::last_stamp(core::WallTime now) const {
    std::string_view line = line_begin_;
    return core::take_log_time(line, now, local_time_);
}

}  // namespace agent
