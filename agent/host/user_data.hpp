// SPDX-License-Identifier: Apache-2.0
// The progress of cloud-init in this boot, from the files in /run that `cloud-init status` reads:
// `enabled` or `disabled` of its systemd generator, which ran before any unit; `result.json`, which
// the last stage writes after the scripts of user data (a link into /var/lib/cloud, not followed).
#pragma once

#include "core/model/facts.hpp"

#include <string>

namespace agent {

inline constexpr const char* cloud_init_directory = "/run/cloud-init";

[[nodiscard]] core::UserData observe_user_data(const std::string& directory);

}  // namespace agent
