// SPDX-License-Identifier: Apache-2.0
// A reload (SIGHUP) applies the settings that may change while the program runs, and names the keys
// that need a restart.
#pragma once

#include "core/base/result.hpp"
#include "core/model/settings.hpp"

#include <string>
#include <vector>

namespace config {

/// Keys whose value differs and that only a restart applies, in the order of the schema.
[[nodiscard]] std::vector<std::string> changed_needing_restart(const core::Settings& before,
                                                               const core::Settings& after);

/// `after`, with the values of `before` where only a restart applies a change. An error where this
/// mixture is an impossible combination (the log's new path lies under the old mount): then nothing
/// can be applied before a restart.
[[nodiscard]] core::Result<core::Settings> apply_reload(const core::Settings& before,
                                                        const core::Settings& after);

}  // namespace config
