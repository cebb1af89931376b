// SPDX-License-Identifier: Apache-2.0
// Follows a mail log through descriptors that another process opened; never opens a path. Reads in
// bounded slices and passes them to LogLines. Does not wait for the disk, within the limits of
// DiskReader.
//
// Rotation by rename: follow() takes the new file's descriptor. The old file is read until the new
// one has bytes (its writer keeps the old one open until it reopens the log) and then to its end.
// Rotation by copytruncate: a file that is shorter than its reading offset is read from 0. Known
// limit: a file that was truncated and has grown past that offset before the next slice looks like
// one that only grew.
#pragma once

#include "agent/base/clock.hpp"
#include "agent/base/file_descriptor.hpp"
#include "agent/maillog/disk_reader.hpp"
#include "agent/maillog/log_boot_offset.hpp"
#include "agent/maillog/log_lines.hpp"
#include "agent/maillog/log_position.hpp"
#include "core/base/result.hpp"
#include "core/maillog/log_time.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <variant>

namespace agent {

class LogTail {
   public:
    struct Slice {
        std::size_t bytes = 0;                ///< read
        bool at_end = true;                   ///< there is no more for now
        bool fetching = false;                ///< as DiskReader::Got
        std::optional<core::WallTime> stamp;  ///< of the last line that was read, if it has one
    };
    using Count = LogLines::Count;

    /// How a file follows the one before it.
    enum class Comes { by_rotation, as_another_log };

    explicit LogTail(core::LocalTime local_time = from_local_time)
        : lines_(std::move(local_time)) {}

    /// Takes a regular file. The very first is read from where this boot's part begins, each later
    /// one from its beginning, after the one before it. A file that is followed already is not
    /// taken twice. Of another log only those lines count that are later than all lines before.
    [[nodiscard]] core::Result<void> follow(FileDescriptor file, core::WallTime boot_began,
                                            core::WallTime now, Comes comes = Comes::by_rotation);

    /// Reads at most `max_bytes` of what was written since; nothing while it searches for this
    /// boot's part. Without a file: nothing, at the end. After an error (io_error, ...) the next
    /// call tries again.
    [[nodiscard]] core::Result<Slice> read_slice(std::size_t max_bytes, core::WallTime boot_began,
                                                 core::WallTime now);

    /// Passes each line to `count` that was not counted yet. `counted` is how far counting has
    /// come. Goes on at its position if one of the files has it; otherwise, and if the position is
    /// of another source or lines have been read without counting, with later stamps. Absent: with
    /// the lines of this boot.
    void begin_counting(Count count, const std::optional<LogPosition>& counted,
                        core::WallTime boot_began, core::WallTime now);
    void stop_counting() noexcept { lines_.stop_counting(); }
    [[nodiscard]] bool is_counting() const noexcept { return lines_.is_counting(); }

    /// The position after the last line. Absent while not all lines before it are counted, or while
    /// the time stamps select lines: a position does not keep the time that they must exceed.
    [[nodiscard]] std::optional<LogPosition> position() const;

    [[nodiscard]] const core::StartupHistory& history() const noexcept { return lines_.history(); }
    /// Of the counted lines.
    [[nodiscard]] std::uint64_t lines_cut() const noexcept { return lines_.lines_cut(); }
    [[nodiscard]] std::uint64_t truncations() const noexcept { return truncations_; }

   private:
    static constexpr std::uint64_t read_ahead = 4 * 1024 * 1024;

    struct Followed {
        FileDescriptor file;
        Comes comes = Comes::by_rotation;
        std::uint64_t count_from = 0;  ///< the beginning of the first line that was not counted
        std::uint64_t offset = 0;      ///< read so far
        std::uint64_t line_end = 0;    ///< after the last line feed that was read; 0: none yet
        DiskReader reader{read_ahead};

        [[nodiscard]] LogLines::Part part() const {
            return offset < count_from ? LogLines::Part::counted_before : LogLines::Part::to_count;
        }
    };

    // The states, in their order; Reading lasts.
    struct WithoutFile {};
    using SearchingBoot = LogBootOffset;  ///< in the first file
    struct SearchingPosition {            ///< of wanted_, in all files
        DiskReader reader{0};
    };
    struct Reading {};
    /// Done, or to be continued by the next call.
    using Step = std::optional<Slice>;

    [[nodiscard]] core::Result<Step> prepare(core::WallTime now);
    [[nodiscard]] core::Result<Step> search_boot(SearchingBoot& search);
    [[nodiscard]] Step search_position(SearchingPosition& search, core::WallTime now);
    [[nodiscard]] core::Result<bool> read_piece(std::size_t max_bytes, Slice& slice,
                                                core::WallTime boot_began, core::WallTime now);
    void take(std::string_view bytes, core::WallTime boot_began, core::WallTime now);
    core::Result<void> restart_if_truncated();
    core::Result<bool> next_file_has_begun() const;
    void next_file(core::WallTime boot_began, core::WallTime now);

    std::variant<WithoutFile, SearchingBoot, SearchingPosition, Reading> state_;
    std::deque<Followed> files_;  ///< the front is being read; the others wait
    LogLines lines_;
    std::optional<LogPosition> wanted_;    ///< where counting goes on; absent while Reading
    std::optional<core::WallTime> stamp_;  ///< the latest slice.stamp
    std::uint64_t truncations_ = 0;
};

}  // namespace agent
