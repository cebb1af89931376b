// SPDX-License-Identifier: Apache-2.0
// What the agent keeps for the rest of this boot, in files of a tmpfs: who this instance is, so
// that a metadata service that answers 503 later cannot take the identity away from a restarted
// agent, nor from `gate`; and that its queue was in place, so that an agent that is restarted while
// the mount hangs does not take that for a bad boot; and how far the mail log was counted, so that
// nothing is counted twice.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "agent/base/privileges.hpp"
#include "core/base/result.hpp"

#include <string>

namespace agent {

inline constexpr const char* remembered_id_path = "/run/postfix-elb-agent/instance-id";

class RuntimeState {
   public:
    explicit RuntimeState(std::string directory = runtime_directory)
        : directory_(std::move(directory)) {}

    /// instance-id, mode 0644. Written atomically, unless it says so already; refuses what is not
    /// an id of EC2, and an id other than the one that is remembered.
    [[nodiscard]] core::Result<void> remember_id(const std::string& instance_id) const;

    /// mount-worked, mode 0644: the id of the instance whose queue was linked in this boot.
    [[nodiscard]] core::Result<void> remember_worked(const std::string& instance_id) const;

    /// Whether the queue was linked in this boot for the instance that this is. `setting` is
    /// settings.instance_id; for "auto" it is the id that is remembered, and without one nothing is
    /// known to have worked.
    [[nodiscard]] bool worked(const std::string& setting) const;

    /// log-position, mode 0600, made where it is not there; for reading and writing by who may not
    /// open it. Closed where it cannot be had, which is said in the log: the agent works without
    /// it.
    [[nodiscard]] FileDescriptor open_log_position() const;

   private:
    std::string directory_;
};

}  // namespace agent
