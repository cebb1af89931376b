// SPDX-License-Identifier: Apache-2.0
// What is in a queue directory: which of its directories are missing, and how much mail is queued.
#pragma once

#include "core/base/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace agent {

/// Directories that a whole queue has and this one lacks (core/model/queue_layout.hpp). `queue` is
/// readable and just opened.
[[nodiscard]] core::Result<std::vector<std::string>> missing_queue_directories(
    int queue, const std::string& path);

/// Queued messages: regular files with the name of a message in the queues that hold undelivered
/// mail, directories of their hashes included. What vanishes meanwhile is not counted.
[[nodiscard]] core::Result<std::uint64_t> count_mail(int queue, const std::string& path);

}  // namespace agent
