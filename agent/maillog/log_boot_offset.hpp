// SPDX-License-Identifier: Apache-2.0
// Finds where this boot's lines begin in a log by a binary search over the time stamps.
#pragma once

#include "agent/maillog/disk_reader.hpp"
#include "core/base/result.hpp"
#include "core/maillog/log_time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace agent {

/// Files up to this size are read whole.
inline constexpr std::uint64_t log_search_above = 1024 * 1024;

/// Finds an offset at a line's beginning such that the lines before it are of before the boot; 0
/// for a small file. It errs on the early side: by some minutes and some KiB for stamps that are
/// not quite in order, and further where a stretch of the file has no stamps that can be read.
/// Reads at most a few MiB, whatever the file's size.
class LogBootOffset {
   public:
    struct Step {
        std::optional<std::uint64_t> offset;  ///< absent: there is more to do
        bool fetching = false;                ///< as DiskReader::Got
    };

    /// `size`: the file's, now. Lines that are added meanwhile are of this boot.
    LogBootOffset(std::uint64_t size, core::WallTime boot_began, core::WallTime now,
                  core::LocalTime local_time);

    /// One piece of the work: reads some KiB. `file` must be the same regular file each time; its
    /// own offset is neither used nor moved. After an error the same step may be tried again.
    [[nodiscard]] core::Result<Step> step(int file);

   private:
    struct StampedLine {
        std::uint64_t offset;
        core::WallTime at;
    };

    [[nodiscard]] std::optional<StampedLine> first_stamp() const;
    [[nodiscard]] std::uint64_t line_after() const;
    void narrow();
    void look_at(std::uint64_t offset);

    core::WallTime wanted_;
    core::WallTime now_;
    core::LocalTime local_time_;
    DiskReader reader_;
    std::uint64_t before_ =
        0;  ///< a line that begins here, or further on, is the first that is wanted
    std::uint64_t not_before_;
    std::uint64_t looking_at_ = 0;
    std::string window_;  ///< what is there
    std::size_t filled_ = 0;
};

}  // namespace agent
