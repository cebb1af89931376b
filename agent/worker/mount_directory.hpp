// SPDX-License-Identifier: Apache-2.0
// The root of the shared mount, held by descriptor. Everything on the mount is reached from here, so that a mount that
// goes away can never turn a write into one below the empty mount point.
//
// Nothing here asks the file server: open with O_PATH, /proc/self/fdinfo and /proc/self/mountinfo only.
#pragma once

#include "agent/file_descriptor.hpp"
#include "core/result.hpp"
#include "core/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace agent {

class MountDirectory {
   public:
    /// A read-only mount may be looked at; for writing it is refused.
    enum class For { reading, writing };

    /// Errors: missing (nothing is mounted there), refused (not the mount that the settings ask for; the message says
    /// why). The check is made on the descriptor itself, after it was opened.
    [[nodiscard]] static core::Result<MountDirectory> open(const core::Settings& settings, For purpose = For::writing);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// The kernel's number of this very mount: another one for each time that something is mounted.
    [[nodiscard]] std::uint64_t mount_id() const noexcept { return mount_id_; }

    /// Whether the path still leads to this mount, and the mount is still what the settings ask for.
    [[nodiscard]] core::Result<void> verify(const core::Settings& settings, For purpose = For::writing) const;

   private:
    MountDirectory() = default;

    FileDescriptor fd_;
    std::string path_;
    std::uint64_t mount_id_ = 0;
};

}  // namespace agent
