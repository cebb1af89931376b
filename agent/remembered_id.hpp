// SPDX-License-Identifier: Apache-2.0
// The instance id that the metadata service told the agent of this boot, kept in a file of a tmpfs: a metadata service
// that answers 503 later cannot take the identity away from a restarted agent, nor from `gate`.
#pragma once

#include "core/result.hpp"

#include <string>

namespace agent {

inline constexpr const char* remembered_id_path = "/run/postfix-elb-agent/instance-id";

/// Writes the file atomically, unless it says so already; refuses what is not an id of EC2, and an id other than the
/// one that is remembered.
[[nodiscard]] core::Result<void> remember_id(const std::string& instance_id);

}  // namespace agent
