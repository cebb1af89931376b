// SPDX-License-Identifier: Apache-2.0
// The files of one process in /proc, proc(5): the texts of stat, status, cgroup and fdinfo/<n>, and
// the link text of exe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace core {

/// Of /proc/<pid>/stat.
struct ProcessStat {
    char state = '?';      ///< field 3: 'Z' and 'X' are dead
    bool exiting = false;  ///< PF_EXITING of field 9 (include/linux/sched.h): its exe and cwd may
                           ///< be gone already
    std::uint64_t start_ticks = 0;  ///< field 22

    [[nodiscard]] bool alive() const noexcept {
        return !exiting && state != 'Z' && state != 'X' && state != 'x';
    }
};

/// Absent if the text does not have the form. The command name in field 2 may hold blanks and
/// parentheses.
[[nodiscard]] std::optional<ProcessStat> parse_process_stat(std::string_view stat);

/// The number of pid namespaces, from the reader's own down, in which the process of this
/// /proc/<pid>/status has a pid: 1 in the reader's own namespace, more in a container. Absent
/// before Linux 4.1.
[[nodiscard]] std::optional<std::size_t> pid_namespace_depth(std::string_view status);

/// The real user id in this /proc/<pid>/status, credentials(7): the user that started the process.
/// The effective id can differ (master becomes its mail_owner to open a file). Absent if the line
/// is missing.
[[nodiscard]] std::optional<std::uint32_t> real_user(std::string_view status);

/// The inode on which the descriptor of this /proc/<pid>/fdinfo/<n> holds an exclusive flock(2);
/// absent if on none.
[[nodiscard]] std::optional<std::uint64_t> write_flock_inode(std::string_view fdinfo);

/// The systemd service in whose control group the process of this /proc/<pid>/cgroup, cgroups(7),
/// is: the innermost component of its path that ends in ".service". Of cgroup v1 only systemd's own
/// hierarchy counts. "" if in none (an operator's session is a scope). A view into `cgroup`.
[[nodiscard]] std::string_view unit_of_cgroup(std::string_view cgroup);

/// The text of /proc/<pid>/exe without the kernel's " (deleted)", which it has after an upgrade of
/// the package.
[[nodiscard]] std::string_view without_deleted(std::string_view path);

/// Whether an executable is Postfix's master(8): /usr/lib/postfix/sbin/master (Debian),
/// /usr/libexec/postfix/master (Red Hat), or any "master" below a folder "postfix".
[[nodiscard]] bool is_master_executable(std::string_view path);

/// Whether a descriptor's path is master's second lock file, $data_directory/master.lock, which is
/// local.
[[nodiscard]] bool is_data_lock_file(std::string_view path);

/// Whether a descriptor's path is a pid/master.pid, also one that was unlinked while it is open: "
/// (deleted)" at its end, or on NFS a file .nfs... in a folder "pid".
[[nodiscard]] bool is_master_pid_file(std::string_view path);

}  // namespace core
