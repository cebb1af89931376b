// SPDX-License-Identifier: Apache-2.0
// Ordering cycles that systemd has logged in this boot. Waits for the disk; for `doctor`.
#pragma once

#include "core/base/result.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace systemd {

struct CycleLimits {
    std::size_t entries = 100'000;          ///< of systemd, read
    std::chrono::milliseconds time{5'000};  ///< after which no further entry is read
    std::size_t lines = 10;                 ///< returned
};

/// The printable messages about a cycle that name one of `units`, earliest first, each once.
/// Errors: missing (this user may read no journal), or libsystemd's.
[[nodiscard]] core::Result<std::vector<std::string>> ordering_cycles(
    const std::vector<std::string>& units, CycleLimits limits = {});

}  // namespace systemd
