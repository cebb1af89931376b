// SPDX-License-Identifier: Apache-2.0
// The local files that may name this instance. They are read as they are; what they say is judged
// by agent/clients/instance_id_lookup.hpp. Never /var/lib/cloud, which still names the image's
// builder early in a boot.
#pragma once

#include "agent/ipc/replies.hpp"

namespace agent {

[[nodiscard]] IdentityFiles read_identity_files();

}  // namespace agent
