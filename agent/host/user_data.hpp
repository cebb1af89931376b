// SPDX-License-Identifier: Apache-2.0
// How far cloud-init is in this boot, by the files that it keeps in /run, as `cloud-init status`
// tells it: `enabled` or `disabled` of its systemd generator, which has run before any unit;
// `result.json`, which the last stage, the one that runs the scripts of user data, leaves at its
// end (a link into /var/lib/cloud, not followed).
#pragma once

#include "core/model/facts.hpp"

#include <string>

namespace agent {

inline constexpr const char* cloud_init_directory = "/run/cloud-init";

[[nodiscard]] core::UserData observe_user_data(const std::string& directory);

}  // namespace agent
