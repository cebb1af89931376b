// SPDX-License-Identifier: Apache-2.0
// The settings in effect: as loaded, as a reload changes them, and with the instance id that the
// server reports. In the supervisor. Failures are logged and change nothing.
#pragma once

#include "config/load.hpp"

#include <optional>
#include <string>
#include <utility>

namespace agent {

class CurrentSettings {
   public:
    /// `request` loads the settings again.
    CurrentSettings(config::LoadRequest request, config::Loaded loaded)
        : request_(std::move(request)),
          loaded_(std::move(loaded)),
          instance_id_(loaded_.settings.instance_id) {}

    [[nodiscard]] const core::Settings& get() const { return loaded_.settings; }
    /// With the instance id in place of "auto" once it is known.
    [[nodiscard]] core::Settings with_instance_id() const;

    /// Loads the settings again, and returns the text for the running processes (config::print());
    /// absent if nothing changes that takes effect now.
    [[nodiscard]] std::optional<std::string> reload();

    /// Keeps the instance id that the server reports, if the setting is "auto" and none is kept
    /// yet. Returns whether it was kept. Why once: a compromised server cannot make later workers
    /// work for another instance.
    [[nodiscard]] bool keep_instance_id(const std::string& instance_id);

   private:
    [[nodiscard]] std::optional<std::string> apply(const config::Loaded& loaded);

    config::LoadRequest request_;
    config::Loaded loaded_;
    std::string instance_id_;
};

}  // namespace agent
