// SPDX-License-Identifier: Apache-2.0
// The agent's state for the rest of this boot, in files of a tmpfs:
// - the instance id, so that a restarted agent and `gate` know it while the metadata service fails;
// - that the queue was linked, so that a restart while the mount hangs is not a bad boot;
// - the position in the mail log, so that no line is counted twice.
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

    /// instance-id, mode 0644. Written atomically if it differs; refuses a text that is not an id
    /// of EC2, and an id other than the remembered one.
    [[nodiscard]] core::Result<void> remember_id(const std::string& instance_id) const;

    /// mount-worked, mode 0644: the id of the instance whose queue was linked in this boot.
    [[nodiscard]] core::Result<void> remember_worked(const std::string& instance_id) const;

    /// Whether this instance's queue was linked in this boot. `setting` is settings.instance_id;
    /// "auto" is the remembered id, and false without one.
    [[nodiscard]] bool worked(const std::string& setting) const;

    /// log-position, mode 0600, created if missing; open for reading and writing by the server,
    /// which may not open it. On failure a closed descriptor and a log line: the agent works
    /// without it.
    [[nodiscard]] FileDescriptor open_log_position() const;

   private:
    std::string directory_;
};

}  // namespace agent
