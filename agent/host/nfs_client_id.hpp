// SPDX-License-Identifier: Apache-2.0
// Reads the facts for core/nfs/client_id_plan.hpp, and carries out its plan.
#pragma once

#include "agent/ipc/replies.hpp"
#include "core/base/result.hpp"
#include "core/model/settings.hpp"
#include "core/nfs/client_id_plan.hpp"

#include <string>

namespace agent {

struct NfsIdentityPaths {
    std::string net = "/sys/fs/nfs/net/nfs_client/identifier";
    std::string parameter = "/sys/module/nfs/parameters/nfs4_unique_id";
    std::string product_uuid = "/sys/devices/virtual/dmi/id/product_uuid";
    std::string mountinfo = "/proc/self/mountinfo";
};

[[nodiscard]] core::NfsIdentifierFiles read_nfs_identifier(const NfsIdentityPaths& paths = {});

/// Sets the name of this host's NFS client if it has none. Returns the line for the operator: the
/// change, or why there is none. Errors: as core::plan_nfs_identity(), or of the write.
[[nodiscard]] core::Result<std::string> set_nfs_identity(const core::Settings& settings,
                                                         const IdentityFiles& names,
                                                         const NfsIdentityPaths& paths = {});

}  // namespace agent
