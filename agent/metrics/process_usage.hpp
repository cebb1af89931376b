// SPDX-License-Identifier: Apache-2.0
// What this process uses of the host, for the standard process_* metrics.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/time.hpp"

#include <cstdint>

namespace agent {

struct ProcessUse {
    double cpu_seconds = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t resident_bytes = 0;
    double start_time = 0;  ///< seconds since the epoch
    int open_descriptors = 0;
    std::uint64_t max_descriptors = 0;
};

/// To be made before the process gives up its file system: /proc/self/stat is opened once and read
/// again each time (where it cannot be, the figures from it are zero). Descriptors are counted by
/// trying each number.
class ProcessUsage {
   public:
    ProcessUsage();

    [[nodiscard]] ProcessUse observe(core::TimePoint now) const;

   private:
    FileDescriptor stat_;
};

}  // namespace agent
