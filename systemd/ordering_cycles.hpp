// SPDX-License-Identifier: Apache-2.0
// What systemd told the journal of this boot about ordering cycles.
#pragma once

#include "core/base/result.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace systemd {

struct CycleLimits {
    std::size_t entries = 100'000;          ///< of systemd, looked at
    std::chrono::milliseconds time{5'000};  ///< after which no further entry is looked at
    std::size_t lines = 10;                 ///< given
};

/// The texts that tell of a cycle and name one of `units`, the earliest first, each once;
/// printable. Errors: missing (no journal that this user may read), or as libsystemd says.
[[nodiscard]] core::Result<std::vector<std::string>> ordering_cycles(
    const std::vector<std::string>& units, CycleLimits limits = {});

}  // namespace systemd
