// SPDX-License-Identifier: Apache-2.0
// Follows a mail log through descriptors that somebody else opened; never opens a path. Reads in
// bounded slices and tells what it reads to a core::StartupHistory. Does not wait for the disk,
// within the limits of DiskReader.
//
// Rotation by rename: follow() takes the new file's descriptor; the old file is read until the new
// one has bytes in it (its writer keeps the old one open until it is told) and then to its end.
// Rotation by copytruncate: a file shorter than what was read of it begins again at 0. Known limit:
// one that was truncated and has grown past that point before the next slice is not told apart from
// one that only grew.
//
// The same pass gives every line to who counts them, each once: what an earlier agent of this boot
// has counted is read for the history alone, up to the place that it left.
#pragma once

#include "agent/base/clock.hpp"
#include "agent/base/file_descriptor.hpp"
#include "agent/maillog/disk_reader.hpp"
#include "agent/maillog/log_boot_offset.hpp"
#include "agent/maillog/log_position.hpp"
#include "core/base/result.hpp"
#include "core/maillog/line_splitter.hpp"
#include "core/maillog/log_time.hpp"
#include "core/maillog/startup_history.hpp"
#include "core/maillog/timestamp_filter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace agent {

class LogTail {
   public:
    struct Slice {
        std::size_t bytes = 0;  ///< how many were read
        bool at_end = true;     ///< there is no more for now
        bool fetching =
            false;  ///< there is more, but not in memory yet: come back after a millisecond or so
        std::optional<core::WallTime>
            stamp{};  ///< of the last line that was read, where it has one
    };
    using Count = std::function<void(std::string_view line)>;

    /// What a file is to the one before it.
    enum class Comes { by_rotation, as_another_log };

    explicit LogTail(core::LocalTime local_time = from_local_time)
        : local_time_(local_time), history_(std::move(local_time)), reader_(read_ahead) {}

    /// Takes a regular file. The very first is read from where this boot's part of it begins, each
    /// later one from its beginning, after the one before it. A file that is being followed
    /// already, or waits to be, is not taken twice. Of another log than the one before it only
    /// those lines count that are later than all of the one before.
    [[nodiscard]] core::Result<void> follow(FileDescriptor file, core::WallTime boot_began,
                                            core::WallTime now, Comes comes = Comes::by_rotation);

    /// Reads at most `max_bytes` of what has been written since; while it looks for this boot's
    /// part, nothing. Without a file: nothing, at the end. An error (io_error, ...) leaves
    /// everything as it was; the next call tries again.
    [[nodiscard]] core::Result<Slice> read_slice(std::size_t max_bytes, core::WallTime boot_began,
                                                 core::WallTime now);

    /// From now on `count` is given every line that was not counted yet. `counted` is how far that
    /// is: with a place in a file it goes on there, if the place is found in one of the files;
    /// else, and where the counting was of another source or this tail has read on without it, with
    /// what is stamped later. Absent: with what is of this boot.
    void begin_counting(Count count, const std::optional<LogPosition>& counted,
                        core::WallTime boot_began, core::WallTime now);
    void stop_counting() noexcept { count_ = nullptr; }
    [[nodiscard]] bool is_counting() const noexcept { return count_ != nullptr; }

    /// The place behind the last line; absent while there is none behind which everything is
    /// counted: a place says nothing of the stamps that what comes next must be later than.
    [[nodiscard]] std::optional<LogPosition> position() const;

    [[nodiscard]] const core::StartupHistory& history() const noexcept { return history_; }
    /// Of the lines that were given to who counts them.
    [[nodiscard]] std::uint64_t lines_cut() const noexcept { return lines_cut_; }
    [[nodiscard]] std::uint64_t truncations() const noexcept { return truncations_; }

   private:
    static constexpr std::uint64_t read_ahead = 4 * 1024 * 1024;

    struct Followed {
        FileDescriptor file;
        Comes comes = Comes::by_rotation;
        std::uint64_t count_from = 0;  ///< a line's beginning: what stands before it was counted
    };
    enum class Found { yes, no, fetching };

    [[nodiscard]] core::Result<std::optional<Slice>> prepare(core::WallTime now);
    [[nodiscard]] Found find_place(const LogPosition& place);
    [[nodiscard]] Found is_in(const LogPosition& place, const Followed& followed);
    void take(std::string_view bytes, core::WallTime boot_began, core::WallTime now);
    void on_line(std::string_view line, bool counted, core::WallTime boot_began,
                 core::WallTime now);
    core::Result<void> begin_again_if_truncated();
    core::Result<bool> next_file_has_begun() const;
    void next_file(core::WallTime boot_began, core::WallTime now);
    [[nodiscard]] std::optional<core::WallTime> last_stamp(core::WallTime now) const;

    core::LocalTime local_time_;
    core::StartupHistory history_;
    core::LineSplitter lines_;
    std::deque<Followed> files_;  ///< the front is being read; the others wait
    DiskReader reader_;
    std::uint64_t offset_ = 0;  ///< in the front
    std::optional<LogBootOffset>
        search_;  ///< for where to begin in the first file, until it is found
    bool first_ = true;
    std::uint64_t truncations_ = 0;

    Count count_;
    std::optional<LogPosition> place_;  ///< to be found before anything is read
    DiskReader place_reader_{0};
    core::TimestampFilter barrier_;
    std::uint64_t lines_cut_ = 0;
    std::uint64_t all_lines_cut_ = 0;  ///< with those that were not counted, until the last line
    std::uint64_t line_end_ =
        0;  ///< in the front: behind the last line feed that was read; 0: none yet
    std::array<char, 40> line_begin_{};  ///< of the last line: its stamp
    std::size_t line_begin_size_ = 0;
    std::optional<core::WallTime> stamp_;  ///< of the last line of the last slice that had one
};

}  // namespace agent
