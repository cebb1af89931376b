// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/log_boot_offset.hpp"

#include "core/base/text_fields.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace agent {
namespace {

// Some lines of the longest kind that the line splitter delivers fit in one window.
constexpr std::uint64_t window = 32 * 1024;

// Senders with buffers of their own, and a clock that is set back during a boot, put lines out of
// order.
constexpr std::chrono::minutes disorder{10};
constexpr std::uint64_t disorder_bytes = 2 * window;

}  // namespace

LogBootOffset::LogBootOffset(std::uint64_t size, core::WallTime boot_began, core::WallTime now,
                             core::LocalTime local_time)
    : wanted_(boot_began - disorder),
      now_(now),
      local_time_(std::move(local_time)),
      reader_(0),
      not_before_(size > log_search_above ? size : 0),
      window_(window, '\0') {
    narrow();
}

void LogBootOffset::look_at(std::uint64_t offset) {
    looking_at_ = offset;
    filled_ = 0;
}

// Where to look next: in the middle of what is left, or at the end of the search at what it found.
void LogBootOffset::narrow() {
    const std::uint64_t left = not_before_ - before_;
    look_at(left > window ? before_ + left / 2 : before_ - std::min(before_, disorder_bytes));
}

core::Result<LogBootOffset::Step> LogBootOffset::step(int file) {
    const bool searching = not_before_ - before_ > window;
    if (!searching && looking_at_ == 0) {
        return Step{std::uint64_t{0}, false};
    }
    const auto got = reader_.read(file, std::span(window_).subspan(filled_), looking_at_ + filled_);
    if (!got) {
        return got.error();
    }
    filled_ += got->bytes;
    if (got->fetching || (got->bytes > 0 && filled_ < window_.size())) {
        return Step{std::nullopt, got->fetching};
    }
    if (!searching) {
        return Step{line_after(), false};
    }
    const auto line = first_stamp();
    // No stamp to go by, or none before the part that is left: look earlier, at the price of
    // reading more.
    if (!line || line->at >= wanted_ || line->offset >= not_before_) {
        not_before_ = looking_at_;
    } else {
        before_ = line->offset;
    }
    narrow();
    return Step{};
}

// Of the lines that begin after looking_at_, within the window.
std::optional<LogBootOffset::StampedLine> LogBootOffset::first_stamp() const {
    const std::string_view text(window_.data(), filled_);
    std::string_view rest = text;
    core::take_until(rest, '\n');
    while (!rest.empty()) {
        std::string_view line = rest;
        if (const auto at = core::take_log_time(line, now_, local_time_)) {
            return StampedLine{looking_at_ + (text.size() - rest.size()), *at};
        }
        core::take_until(rest, '\n');
    }
    return std::nullopt;
}

// The first line's beginning after looking_at_, or just there where a window has none.
std::uint64_t LogBootOffset::line_after() const {
    const auto newline = std::string_view(window_.data(), filled_).find('\n');
    return newline == std::string_view::npos ? looking_at_ : looking_at_ + newline + 1;
}

}  // namespace agent
