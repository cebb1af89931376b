// SPDX-License-Identifier: Apache-2.0
// Combinations of valid values that are impossible. Internal to config.
#pragma once

#include "core/model/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace config {

struct Conflict {
    std::vector<std::string_view> keys;  ///< the first is the wrong one
    std::string message;                 ///< one line
};

[[nodiscard]] std::vector<Conflict> find_conflicts(const core::Settings& settings);

}  // namespace config
