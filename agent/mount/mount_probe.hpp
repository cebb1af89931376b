// SPDX-License-Identifier: Apache-2.0
// One look at the shared mount: does it answer, what is <mount>/<id>, what does its pid file say.
// Reads only, takes no lock that Postfix could trip over. Works relative to one descriptor of the
// mount's root, so that an unmounted path is never mistaken for it.
#pragma once

#include "agent/mount/owner_lock.hpp"
#include "core/model/facts.hpp"
#include "core/model/settings.hpp"

#include <string>

namespace agent {

/// An empty id looks at the mount alone. `lock` may be null: then nothing is said of the ownership.
/// A mount that is not the one that the settings ask for is not touched.
[[nodiscard]] core::MountFacts probe_mount(const core::Settings& settings,
                                           const std::string& instance_id, OwnerLock* lock);

}  // namespace agent
