// SPDX-License-Identifier: Apache-2.0
// The agent's own directory on the share, .postfix-elb-agent/, and its folders.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"
#include "core/model/paths.hpp"

namespace agent {

/// The agent's corner of the mount: .postfix-elb-agent/ and its folders.
struct AgentDirectory {
    FileDescriptor staging;  ///< O_PATH; empty if that folder does not exist
    bool whole = false;      ///< all folders exist, and only root may enter
};

/// Errors: missing (no corner), or as the system says. `mount` is the root of the mount.
[[nodiscard]] core::Result<AgentDirectory> open_agent_directory(int mount,
                                                                const core::Paths& paths);

[[nodiscard]] core::Result<void> make_agent_directory(int mount, const core::Paths& paths);

}  // namespace agent
