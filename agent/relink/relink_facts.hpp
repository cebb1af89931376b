// SPDX-License-Identifier: Apache-2.0
// Gathers what core/queue/relink_plan.hpp plans from. Writes nothing. Touches the mount only if it
// is the one that the settings ask for; where it is not, only the refusal is filled in. An
// automount point is made to mount first.
#pragma once

#include "agent/mount/mount_directory.hpp"
#include "agent/mount/owner_lock.hpp"
#include "core/model/settings.hpp"
#include "core/queue/relink_plan.hpp"

#include <optional>
#include <string>
#include <vector>

namespace agent {

struct RelinkObservation {
    core::RelinkFacts facts;
    std::optional<MountDirectory> mount;  ///< open if the mount may be used
};

/// `masters`: every master(8) of this host. An error when a fact could not be read.
[[nodiscard]] core::Result<RelinkObservation> observe_relink(
    const core::Settings& settings, const std::string& instance_id, OwnerLock& lock,
    std::vector<core::ProcessFacts> masters);

}  // namespace agent
