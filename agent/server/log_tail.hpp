// SPDX-License-Identifier: Apache-2.0
// Follows a mail log through descriptors that somebody else opened; never opens a path. Reads in bounded slices and
// tells what it reads to a core::StartupHistory. Does not wait for the disk, within the limits of DiskReader.
//
// Rotation by rename: follow() takes the new file's descriptor; the old file is read until the new one has bytes in it
// (its writer keeps the old one open until it is told) and then to its end.
// Rotation by copytruncate: a file shorter than what was read of it begins again at 0. Known limit: one that was
// truncated and has grown past that point before the next slice is not told apart from one that only grew.
#pragma once

#include "agent/clock.hpp"
#include "agent/file_descriptor.hpp"
#include "agent/server/disk_reader.hpp"
#include "agent/server/log_boot_offset.hpp"
#include "core/line_splitter.hpp"
#include "core/log_time.hpp"
#include "core/result.hpp"
#include "core/startup_history.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

namespace agent {

class LogTail {
   public:
    struct Slice {
        std::size_t bytes = 0;  ///< how many were read
        bool at_end = true;     ///< there is no more for now
        bool fetching = false;  ///< there is more, but not in memory yet: come back after a millisecond or so
    };

    explicit LogTail(core::LocalTime local_time = from_local_time)
        : local_time_(local_time), history_(std::move(local_time)), reader_(read_ahead) {}

    /// Takes a regular file. The very first is read from where this boot's part of it begins, each later one from its
    /// beginning, after the one before it. A file that is being followed already, or waits to be, is not taken twice.
    [[nodiscard]] core::Result<void> follow(FileDescriptor file, core::WallTime boot_began, core::WallTime now);

    /// Reads at most `max_bytes` of what has been written since; while it looks for this boot's part, nothing. Without
    /// a file: nothing, at the end. An error (io_error, ...) leaves everything as it was; the next call tries again.
    [[nodiscard]] core::Result<Slice> read_slice(std::size_t max_bytes, core::WallTime boot_began, core::WallTime now);

    [[nodiscard]] const core::StartupHistory& history() const noexcept { return history_; }
    [[nodiscard]] std::uint64_t lines_cut() const noexcept { return lines_.lines_cut(); }
    [[nodiscard]] std::uint64_t truncations() const noexcept { return truncations_; }

   private:
    static constexpr std::uint64_t read_ahead = 4 * 1024 * 1024;

    core::Result<void> begin_again_if_truncated();
    core::Result<bool> next_file_has_begun() const;
    void next_file(core::WallTime boot_began, core::WallTime now);

    core::LocalTime local_time_;
    core::StartupHistory history_;
    core::LineSplitter lines_;
    std::deque<FileDescriptor> files_;  ///< the front is being read; the others wait
    DiskReader reader_;
    std::uint64_t offset_ = 0;             ///< in the front
    std::optional<LogBootOffset> search_;  ///< for where to begin in the first file, until it is found
    bool first_ = true;
    std::uint64_t truncations_ = 0;
};

}  // namespace agent
