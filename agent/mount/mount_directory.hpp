// SPDX-License-Identifier: Apache-2.0
// The root of the shared mount, held by descriptor. Everything on the mount is reached from here,
// so that a mount that goes away can never turn a write into one below the empty mount point.
//
// But for trigger_automount() nothing here asks the file server: open with O_PATH,
// /proc/self/fdinfo and /proc/self/mountinfo only.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"
#include "core/model/facts.hpp"
#include "core/model/mount_problem.hpp"
#include "core/model/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace agent {

/// Opens an automount point at `path`, which makes the kernel mount it, and waits for the mount or
/// its failure. Does nothing when the mount is there already.
void trigger_automount(const std::string& path);

/// The kernel's number of the mount that a descriptor is on.
[[nodiscard]] core::Result<std::uint64_t> mount_id_of(int fd);

class MountDirectory {
   public:
    /// A read-only mount may be looked at; for writing it is refused.
    enum class For { reading, writing };

    /// Errors: missing (nothing is mounted there), refused (not the mount that the settings ask
    /// for; the message says why). The check is made on the descriptor itself, after it was opened.
    [[nodiscard]] static core::Result<MountDirectory> open(const core::Settings& settings,
                                                           For purpose = For::writing);

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// The kernel's number of this very mount: another one for each time that something is mounted.
    [[nodiscard]] std::uint64_t mount_id() const noexcept { return mount_id_; }

    /// An NFS client: what is changed there is changed at the server before the call returns.
    [[nodiscard]] bool is_nfs() const noexcept { return core::is_nfs(fstype_); }

    /// Whether the path still leads to this mount, and the mount is still what the settings ask
    /// for.
    [[nodiscard]] core::Result<void> verify(const core::Settings& settings,
                                            For purpose = For::writing) const;

   private:
    MountDirectory() = default;
    [[nodiscard]] core::Result<core::MountEntry> find_verified(const core::Settings& settings,
                                                               For purpose) const;

    FileDescriptor fd_;
    std::string path_;
    std::string fstype_;
    std::uint64_t mount_id_ = 0;
};

}  // namespace agent
