// SPDX-License-Identifier: Apache-2.0
// The contents of a queue directory: missing directories, and queued mail.
#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace agent {

/// The required directories that do not exist (core/model/queue_layout.hpp). `queue` is
/// readable and just opened.
[[nodiscard]] core::Result<std::vector<std::string>> missing_queue_directories(
    int queue, const std::string& path);

/// Queued messages: regular files with the name of a message in the queues that hold undelivered
/// mail, directories of their hashes included. Files that vanish meanwhile do not count.
[[nodiscard]] core::Result<std::uint64_t> count_mail(int queue, const std::string& path);

}  // namespace agent
