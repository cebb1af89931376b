// SPDX-License-Identifier: Apache-2.0
// <mount>/.postfix-elb-agent/last-words/<id>.json: why this instance's verdict last failed. It
// outlives the instance.
#pragma once

#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <string>
#include <string_view>

namespace agent {

/// Puts `words` and a newline in the file's place: written to a new name, synchronously, and
/// renamed, so that a reader never sees half of it, and nothing is left to be written when the file
/// server falls silent. Makes the corner's folders where they are missing; root alone may look.
/// Follows no link. Errors: as MountDirectory::open() for writing, and as the system says.
[[nodiscard]] core::Result<void> write_last_words(const core::Settings& settings,
                                                  const std::string& instance_id,
                                                  std::string_view words);

}  // namespace agent
