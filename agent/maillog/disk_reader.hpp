// SPDX-License-Identifier: Apache-2.0
// Reads a file on a local disk from an event loop without waiting: returns bytes in the page cache,
// and lets the kernel fetch the rest. Why: a volume that is filled from a snapshot during the boot
// takes tens of milliseconds for a read.
//
// Known limits: waits after some thousand misses in a row, and on a file system that does not
// support RWF_NOWAIT (FUSE, tmpfs on older kernels).
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
        bool fetching = false;  ///< not in memory yet; call again after about a millisecond
    };

    /// `ahead`: after a miss, this many bytes are fetched ahead; 0 for random reads. `patience`:
    /// after this many misses in a row it waits.
    explicit DiskReader(std::uint64_t ahead, int patience = 5000)
        : ahead_(ahead), patience_(patience) {}

    /// As pread(2), which may return fewer bytes than fit.
    [[nodiscard]] core::Result<Got> read(int file, std::span<char> buffer, std::uint64_t offset);

   private:
    void fetch(int file, std::uint64_t offset, std::uint64_t size);
    void keep_ahead(int file, std::uint64_t offset);

    std::uint64_t ahead_;
    int patience_;
    std::uint64_t fetched_to_ = 0;  ///< the end of the last fetch
    int missed_ = 0;                ///< reads in a row that found nothing in memory
    bool can_refuse_ = true;        ///< this file supports RWF_NOWAIT
};

}  // namespace agent
