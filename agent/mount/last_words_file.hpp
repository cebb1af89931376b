// SPDX-License-Identifier: Apache-2.0
// <mount>/.postfix-elb-agent/last-words/<id>.json: why this instance's verdict last failed. It
// outlives the instance.
#pragma once

#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <string>
#include <string_view>

namespace agent {

/// Replaces the file by `text` and a newline, atomically and stored (agent/base/atomic_file.hpp):
/// nothing is left to write when the file server falls silent. Makes missing folders of the agent's
/// directory; root alone may enter them. Follows no link. Errors: as MountDirectory::open() for
/// writing, and as the system reports.
[[nodiscard]] core::Result<void> write_last_words(const core::Settings& settings,
                                                  const std::string& instance_id,
                                                  std::string_view text);

}  // namespace agent
