// SPDX-License-Identifier: Apache-2.0
// Whole small files: pseudo files of /proc and /sys, and one-line files.
#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <string>

namespace agent {

/// Everything up to `limit` bytes (a longer file is malformed). Only regular files; never waits on
/// a FIFO.
[[nodiscard]] core::Result<std::string> read_small_file(const std::string& path, std::size_t limit);

/// A file of /proc, up to 16 MiB (mountinfo of a container host can be long).
[[nodiscard]] core::Result<std::string> read_proc_file(const std::string& path);

}  // namespace agent
