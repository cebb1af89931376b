// SPDX-License-Identifier: Apache-2.0
// Opens the mail log as root, for a server that may not: only regular files, and only for reading.
#pragma once

#include "agent/clock.hpp"
#include "agent/file_descriptor.hpp"
#include "agent/wire/replies.hpp"
#include "core/settings.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace agent {

struct OpenedMaillog {
    MaillogOpened reply;
    FileDescriptor descriptor;  ///< when the state is opened
};

/// What maillog.path "auto" stands for: Debian's and Red Hat's name, the first that exists.
[[nodiscard]] const std::vector<std::string>& usual_maillogs();

/// Opens the log (`unreadable` where maillog.source is the journal). Answers `unchanged`, without a descriptor, if
/// (device, inode) is what stands there already. Whatever is not a regular file is `unreadable` and has not been
/// opened; symbolic links are followed.
[[nodiscard]] OpenedMaillog open_maillog(const core::Settings::Maillog& settings, std::uint64_t device,
                                         std::uint64_t inode, const std::vector<std::string>& usual = usual_maillogs());

/// Opens the latest of the log's rotated files that was written to in this boot: beside the log, its name, "." or "-",
/// and a number or a date or "old" (logrotate's and `postfix logrotate`'s names); not a compressed one. `missing` if
/// there is none.
[[nodiscard]] OpenedMaillog open_old_maillog(const core::Settings::Maillog& settings,
                                             core::WallTime boot_began = now().boot_began(),
                                             const std::vector<std::string>& usual = usual_maillogs());

}  // namespace agent
