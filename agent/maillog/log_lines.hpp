// SPDX-License-Identifier: Apache-2.0
// The lines in the bytes of a mail log: each goes to a core::StartupHistory and, in the same pass,
// to a counter if it was not counted yet. LogTail knows the files; this class knows no file.
#pragma once

#include "core/base/time.hpp"
#include "core/maillog/line_splitter.hpp"
#include "core/maillog/log_time.hpp"
#include "core/maillog/startup_history.hpp"
#include "core/maillog/timestamp_filter.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace agent {

class LogLines {
   public:
    using Count = std::function<void(std::string_view line)>;
    /// Whether an earlier process has counted a part of the log.
    enum class Part { counted_before, to_count };

    explicit LogLines(core::LocalTime local_time)
        : local_time_(std::move(local_time)), history_(local_time_) {}

    /// Passes the lines that `bytes` complete, and keeps the beginning of the next.
    void feed(std::string_view bytes, Part part, core::WallTime boot_began, core::WallTime now);
    /// Passes the unfinished line: it gets no more bytes.
    void finish(Part part, core::WallTime boot_began, core::WallTime now);
    void forget_unfinished() noexcept { splitter_.reset(); }

    void begin_counting(Count count) { count_ = std::move(count); }
    void stop_counting() noexcept { count_ = nullptr; }
    [[nodiscard]] bool is_counting() const noexcept { return count_ != nullptr; }
    /// Counts only lines with a later stamp than `last`, until the first of them.
    void count_after(core::WallTime last, core::WallTime now) { filter_.set(last, now); }
    /// Whether no line has been later than the time of count_after() yet.
    [[nodiscard]] bool awaits_later_line() const noexcept { return filter_.is_closed(); }

    /// Absent if the last line has no stamp.
    [[nodiscard]] std::optional<core::WallTime> last_stamp(core::WallTime now) const;

    [[nodiscard]] const core::LocalTime& local_time() const noexcept { return local_time_; }
    [[nodiscard]] const core::StartupHistory& history() const noexcept { return history_; }
    /// Of the counted lines.
    [[nodiscard]] std::uint64_t lines_cut() const noexcept { return lines_cut_; }

   private:
    void on_line(std::string_view line, Part part, core::WallTime boot_began, core::WallTime now);

    core::LocalTime local_time_;
    core::StartupHistory history_;
    core::LineSplitter splitter_;
    Count count_;
    core::TimestampFilter filter_;
    std::uint64_t lines_cut_ = 0;
    std::uint64_t all_lines_cut_ = 0;  ///< of the splitter, up to the last line
    std::string line_begin_;           ///< of the last line; long enough for its stamp
};

}  // namespace agent
