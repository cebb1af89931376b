// SPDX-License-Identifier: Apache-2.0
// What the tests of the settings share.
#pragma once

#include "config/load.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace test {

/// Every problem as one line; empty where the settings are good.
inline std::vector<std::string> problems_in(std::string_view text,
                                            const std::vector<std::string>& overrides = {}) {
    const config::LoadResult loaded = config::load_text(text, "agent.json", overrides);
    std::vector<std::string> lines;
    if (!loaded) {
        for (const config::Problem& problem : loaded.error()) {
            lines.push_back(config::to_string(problem));
        }
    }
    return lines;
}

inline std::vector<std::string> problems_of_override(const std::string& assignment) {
    return problems_in("{}", {assignment});
}

inline core::Settings settings_of(std::string_view text,
                                  const std::vector<std::string>& overrides = {}) {
    return config::load_text(text, "agent.json", overrides).value().settings;
}

}  // namespace test
