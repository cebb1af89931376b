// SPDX-License-Identifier: Apache-2.0
// Values that are good each by itself and impossible together. Internal to config.
#pragma once

#include "core/model/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace config {

struct Conflict {
    std::vector<std::string_view> keys;  ///< the first is the one to be blamed
    std::string message;                 ///< one line
};

[[nodiscard]] std::vector<Conflict> find_conflicts(const core::Settings& settings);

}  // namespace config
