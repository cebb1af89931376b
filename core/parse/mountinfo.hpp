// SPDX-License-Identifier: Apache-2.0
// The text of /proc/self/mountinfo, proc_pid_mountinfo(5). Reading that file never blocks on a hung
// mount.
#pragma once

#include "core/model/facts.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core {

/// Undoes the kernel's escapes of mount tables: a backslash and three octal digits, "\040" for a
/// space. Anything else after a backslash stays as it is.
[[nodiscard]] std::string unescape_mount_field(std::string_view field);

/// One line, without its newline. Absent if the line does not have the form; fields between the
/// sixth and the "-" are optional and of any number.
[[nodiscard]] std::optional<MountEntry> parse_mountinfo_line(std::string_view line);

/// All entries in the kernel's order. Lines that do not have the form are skipped.
[[nodiscard]] std::vector<MountEntry> parse_mountinfo(std::string_view text);

/// The last entry whose mount point is exactly `path`: the one that a path lookup reaches where
/// several are stacked.
[[nodiscard]] std::optional<MountEntry> find_mount(std::string_view text, std::string_view path);
[[nodiscard]] std::optional<MountEntry> find_mount(const std::vector<MountEntry>& entries,
                                                   std::string_view path);

}  // namespace core
