// SPDX-License-Identifier: Apache-2.0
// Bytes of a mail log, in slices of any size: through the line splitter to the history of starts. The first byte is
// the length of the slices.
#include "core/line_splitter.hpp"
#include "core/maillog_line.hpp"
#include "core/startup_history.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

namespace chrono = std::chrono;

const core::WallTime now = chrono::sys_days(chrono::year(2026) / 11 / 22) + chrono::hours(12);
const core::WallTime boot_began = now - chrono::hours(24);

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

core::WallTime as_utc(const std::tm& t) {
    return chrono::sys_days(chrono::year(t.tm_year + 1900) / (t.tm_mon + 1) / t.tm_mday) + chrono::hours(t.tm_hour) +
           chrono::minutes(t.tm_min) + chrono::seconds(t.tm_sec);
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t slice = std::size_t{1} + data[0];
    std::string_view rest(reinterpret_cast<const char*>(data + 1), size - 1);
    core::LineSplitter splitter;
    core::StartupHistory history(as_utc);
    const auto on_line = [&](std::string_view line) {
        require(!line.empty() && line.size() <= core::LineSplitter::max_line);
        require(line.find_first_of(std::string_view("\n\0", 2)) == std::string_view::npos);
        if (const auto event = core::parse_maillog_line(line, now, as_utc)) {
            require(is_printable(event->text) && event->text.size() <= core::max_event_text + 3);
        }
        history.feed(line, boot_began, now);
    };
    while (!rest.empty()) {
        splitter.feed(rest.substr(0, slice), on_line);
        rest.remove_prefix(std::min(slice, rest.size()));
    }
    splitter.finish(on_line);
    if (history.last_failure() && history.last_started()) {
        require(history.last_failure()->at != *history.last_started());
    }
    return 0;
}
