// SPDX-License-Identifier: Apache-2.0
// Reads a file on a local disk from an event loop: takes what is in memory, and has the kernel
// fetch the rest meanwhile. A disk may be slow when it matters most: a volume that is filled from a
// snapshot while the instance boots answers after tens of milliseconds.
//
// Known limits: what does not come after some thousand calls is waited for, and so is everything on
// a file system whose reads cannot be told not to wait (FUSE, tmpfs on older kernels).
#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace agent {

/// For one file, read by offsets.
class DiskReader {
   public:
    struct Got {
        std::size_t bytes = 0;  ///< 0, and not fetching: the end of the file
        bool fetching = false;  ///< nothing is in memory yet; call again after a millisecond or so
    };

    /// `ahead`: once something was not in memory, so many bytes are fetched ahead of what is read;
    /// 0 for reading here and there. `patience`: after so many misses in a row it waits.
    explicit DiskReader(std::uint64_t ahead, int patience = 5000)
        : ahead_(ahead), patience_(patience) {}

    /// As pread(2), which may return fewer bytes than fit.
    [[nodiscard]] core::Result<Got> read(int file, std::span<char> buffer, std::uint64_t offset);

   private:
    void fetch(int file, std::uint64_t offset, std::uint64_t size);
    void keep_ahead(int file, std::uint64_t offset);

    std::uint64_t ahead_;
    int patience_;
    std::uint64_t fetched_to_ = 0;  ///< the end of what was asked for
    int missed_ = 0;                ///< reads in a row that found nothing in memory
    bool can_refuse_ = true;        ///< this file's reads can be told not to wait
};

}  // namespace agent
