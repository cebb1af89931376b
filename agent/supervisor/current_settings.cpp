// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/current_settings.hpp"

#include "agent/base/log.hpp"
#include "config/print.hpp"
#include "config/reload.hpp"
#include "core/model/instance_id.hpp"

namespace agent {

core::Settings CurrentSettings::with_instance_id() const {
    core::Settings settings = loaded_.settings;
    settings.instance_id = instance_id_;
    return settings;
}

std::optional<std::string> CurrentSettings::reload() {
    const auto loaded = config::load(request_);
    if (loaded) {
        return apply(*loaded);
    }
    for (const config::Problem& problem : loaded.error()) {
        log(Priority::error, "reload: " + config::to_string(problem));
    }
    log(Priority::error, "reload: the settings have errors; keeping the old ones");
    return std::nullopt;
}

std::optional<std::string> CurrentSettings::apply(const config::Loaded& loaded) {
    const auto merged = config::apply_reload(loaded_.settings, loaded.settings);
    if (!merged) {
        log(Priority::error, "reload: " + merged.error().message + "; keeping the old settings");
        return std::nullopt;
    }
    for (const std::string& key :
         config::changed_needing_restart(loaded_.settings, loaded.settings)) {
        log(Priority::warning,
            "reload: " + key + " changed, which takes effect when the agent is restarted");
    }
    const std::string before = config::print(loaded_);
    loaded_ = {*merged, loaded.origins};
    std::string text = config::print(loaded_);
    if (text == before) {
        log(Priority::notice, "reload: nothing changed that takes effect now");
        return std::nullopt;
    }
    return text;
}

bool CurrentSettings::keep_instance_id(const std::string& instance_id) {
    if (instance_id_ != "auto") {
        return false;
    }
    if (const auto valid = core::validate_external_id(instance_id); !valid) {
        log(Priority::error,
            "the server names an impossible instance id: " + valid.error().message);
        return false;
    }
    instance_id_ = instance_id;
    return true;
}

}  // namespace agent
