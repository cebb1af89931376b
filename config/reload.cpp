// SPDX-License-Identifier: Apache-2.0
#include "config/reload.hpp"

#include "config/combinations.hpp"
#include "config/schema.hpp"

namespace config {

std::vector<std::string> changed_needing_restart(const core::Settings& before,
                                                 const core::Settings& after) {
    std::vector<std::string> changed;
    for (const Key& key : schema()) {
        if (key.reload == Reload::restart && key.get(before) != key.get(after)) {
            changed.emplace_back(key.path);
        }
    }
    return changed;
}

core::Result<core::Settings> apply_reload(const core::Settings& before,
                                          const core::Settings& after) {
    core::Settings settings = after;
    for (const Key& key : schema()) {
        if (key.reload != Reload::restart) {
            continue;
        }
        if (const core::Result<void> kept = key.set(settings, key.get(before)); !kept) {
            return kept.error();
        }
    }
    if (const auto conflicts = find_conflicts(settings); !conflicts.empty()) {
        const Conflict& conflict = conflicts.front();
        return core::Error{core::Errc::refused, std::string(conflict.keys.front()) + ": " +
                                                    conflict.message +
                                                    "; this combination exists until a restart"};
    }
    return settings;
}

}  // namespace config
