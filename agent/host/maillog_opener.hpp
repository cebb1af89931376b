// SPDX-License-Identifier: Apache-2.0
// Opens the mail log as root for the server, which may not: only regular files, only for reading.
#pragma once

#include "agent/base/clock.hpp"
#include "agent/base/file_descriptor.hpp"
#include "agent/base/local_paths.hpp"
#include "agent/ipc/replies.hpp"
#include "core/model/settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace agent {

struct OpenedMaillog {
    MaillogOpened reply;
    FileDescriptor descriptor;  ///< when the state is opened
    FileDescriptor place;       ///< when opened or unchanged: the same file as O_PATH
};

/// The log files of maillog.path "auto" if Postfix writes no log of its own: Debian's and Red Hat's
/// names.
[[nodiscard]] const std::vector<std::string>& usual_maillogs();

/// The possible paths of the log, of which the first that exists counts: maillog.path if it is set;
/// else `maillog_file` of main.cf if it is set (Postfix then logs nowhere else); else the usual
/// ones. None if maillog.source is the journal.
[[nodiscard]] std::vector<std::string> maillog_candidates(
    const core::Settings::Maillog& settings, const std::optional<std::string>& maillog_file,
    const std::vector<std::string>& usual = usual_maillogs());

/// Opens the log. `missing`, with the candidates, if none exists. `unchanged`, without a
/// descriptor, if the file is still (device, inode). An object other than a regular file of this
/// host is `unreadable` and is not opened. Follows symbolic links.
[[nodiscard]] OpenedMaillog open_maillog(const std::vector<std::string>& candidates,
                                         const LocalPaths& local, std::uint64_t device,
                                         std::uint64_t inode);

/// Opens the latest of the log's rotated files that was written to in this boot: beside the log,
/// its name, "." or "-", and a number or a date or "old" (logrotate's and `postfix logrotate`'s
/// names); not a compressed one. `missing` if there is none.
[[nodiscard]] OpenedMaillog open_old_maillog(const std::vector<std::string>& candidates,
                                             const LocalPaths& local,
                                             core::WallTime boot_began = now().boot_began());

}  // namespace agent
