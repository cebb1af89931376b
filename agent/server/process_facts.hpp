// SPDX-License-Identifier: Apache-2.0
// What this process uses of the host, for the standard process_* metrics.
#pragma once

#include "core/moment.hpp"

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

/// From /proc/self/stat (zero where it cannot be read) and the limits. Descriptors are counted by trying each
/// number: /proc/self/fd belongs to root once a process has changed its user, and the process cannot list it any more.
[[nodiscard]] ProcessUse observe_process(core::Moment now);

}  // namespace agent
