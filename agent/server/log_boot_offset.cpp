// SPDX-License-Identifier: Apache-2.0
#include "agent/server/log_boot_offset.hpp"

#include "core/text_fields.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>

namespace agent {
namespace {

// Some lines of the longest kind that the line splitter delivers fit in one window.
constexpr std::uint64_t window = 32 * 1024;

// Senders with buffers of their own, and a clock that is set back during a boot, put lines out of order.
constexpr std::chrono::minutes disorder{10};
constexpr std::uint64_t disorder_bytes = 2 * window;

struct StampedLine {
    std::uint64_t offset;
    core::WallTime at;
};

class Searcher {
   public:
    Searcher(int file, core::WallTime now, const core::LocalTime& local_time)
        : file_(file), now_(now), local_time_(local_time) {}

    /// The first line that begins after `offset`, within a window, and has a stamp.
    core::Result<std::optional<StampedLine>> first_stamp_after(std::uint64_t offset);

    /// The first line's beginning after `offset`, or `offset` where a window has none.
    core::Result<std::uint64_t> line_after(std::uint64_t offset);

   private:
    core::Result<std::string_view> read_at(std::uint64_t offset);

    int file_;
    core::WallTime now_;
    const core::LocalTime& local_time_;
    std::array<char, window> buffer_;
};

core::Result<std::string_view> Searcher::read_at(std::uint64_t offset) {
    ssize_t got = 0;
    do {
        got = ::pread(file_, buffer_.data(), buffer_.size(), static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return core::system_error(errno, "read", "the mail log");
    }
    return std::string_view(buffer_.data(), static_cast<std::size_t>(got));
}

core::Result<std::optional<StampedLine>> Searcher::first_stamp_after(std::uint64_t offset) {
    const auto text = read_at(offset);
    if (!text) {
        return text.error();
    }
    std::string_view rest = *text;
    core::take_until(rest, '\n');
    while (!rest.empty()) {
        std::string_view line = rest;
        if (const auto at = core::take_log_time(line, now_, local_time_)) {
            return StampedLine{offset + (text->size() - rest.size()), *at};
        }
        core::take_until(rest, '\n');
    }
    return std::optional<StampedLine>();
}

core::Result<std::uint64_t> Searcher::line_after(std::uint64_t offset) {
    const auto text = read_at(offset);
    if (!text) {
        return text.error();
    }
    const auto newline = text->find('\n');
    return newline == std::string_view::npos ? offset : offset + newline + 1;
}

}  // namespace

core::Result<std::uint64_t> find_boot_offset(int file, core::WallTime boot_began, core::WallTime now,
                                             const core::LocalTime& local_time) {
    struct stat status {};
    if (::fstat(file, &status) != 0) {
        return core::system_error(errno, "fstat", "the mail log");
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size <= log_search_above) {
        return std::uint64_t{0};
    }
    const core::WallTime wanted = boot_began - disorder;
    Searcher searcher(file, now, local_time);
    std::uint64_t before = 0;  // a line that begins here, or further on, is the first that is wanted
    std::uint64_t not_before = size;
    while (not_before - before > window) {
        const std::uint64_t middle = before + (not_before - before) / 2;
        const auto line = searcher.first_stamp_after(middle);
        if (!line) {
            return line.error();
        }
        // No stamp to go by, or none before the part that is left: look earlier, at the price of reading more.
        if (!*line || (*line)->at >= wanted || (*line)->offset >= not_before) {
            not_before = middle;
        } else {
            before = (*line)->offset;
        }
    }
    if (before <= disorder_bytes) {
        return std::uint64_t{0};
    }
    return searcher.line_after(before - disorder_bytes);
}

}  // namespace agent
