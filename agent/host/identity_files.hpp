// SPDX-License-Identifier: Apache-2.0
// Reads the local files that may name this instance; agent/clients/instance_id_lookup.hpp judges
// their contents. Never /var/lib/cloud: early in a boot it still names the image's builder.
#pragma once

#include "agent/ipc/replies.hpp"

namespace agent {

[[nodiscard]] IdentityFiles read_identity_files();

}  // namespace agent
