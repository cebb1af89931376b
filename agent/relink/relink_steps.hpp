// SPDX-License-Identifier: Apache-2.0
// The short steps of a relink, each one or a few system calls. What takes long is in tree_copy.hpp
// and tree_remove.hpp. Each may be killed anywhere and repeated; each error names the path that it
// is about.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"
#include "core/model/paths.hpp"
#include "core/queue/relink_plan.hpp"

#include <string>
#include <vector>

namespace agent {

/// Renames staging/<id> to <mount>/<id>.
[[nodiscard]] core::Result<void> publish_queue(int mount, const core::Paths& paths,
                                               const std::string& id);

/// Makes queue directories in <mount>/<id>: each at staging/<id> first, then renamed, so that it
/// comes to be with its owner and mode.
[[nodiscard]] core::Result<void> mend_queue(int mount, const core::Paths& paths,
                                            const std::string& id,
                                            const std::vector<std::string>& directories);

/// Makes queue directories in staging/<id>, which no other process uses yet.
[[nodiscard]] core::Result<void> complete_staging(int staging, const core::Paths& paths,
                                                  const std::string& id,
                                                  const std::vector<std::string>& directories);

/// Removes a symbolic link, and nothing else than one.
[[nodiscard]] core::Result<void> discard_new_link(const std::string& path);

/// step.kind make_link or exchange_link.
[[nodiscard]] core::Result<void> make_link(const core::RelinkStep& step, const core::Paths& paths);
[[nodiscard]] core::Result<void> exchange_link(const core::RelinkStep& step,
                                               const core::Paths& paths);

}  // namespace agent
