// SPDX-License-Identifier: Apache-2.0
// Remedies that several rules share. Every command is complete: it can be pasted on RHEL and on
// Debian, and changes nothing where it finds nothing to change.
#pragma once

#include "core/doctor/rules.hpp"

#include <initializer_list>

namespace core::doctor {

/// Installs a package of the distribution, or one in the working directory.
[[nodiscard]] std::string install_package(std::string_view name);
[[nodiscard]] Remedy install_agent();

/// Writes a drop-in for `unit` to /etc, which overrides the earlier ones, and reloads systemd.
/// Lines may have the placeholders of Machine::text().
[[nodiscard]] Remedy drop_in(const Machine& machine, std::string advice, const std::string& unit,
                             const std::string& name, std::initializer_list<const char*> lines);

/// Shows the lines of administrators' unit files for Postfix and the agent that match an extended
/// regular expression, applies a script of sed(1) to these files, and reloads systemd.
[[nodiscard]] Remedy edit_unit_files(std::string advice, const std::string& lines,
                                     const std::string& script);

/// Removes After= dependencies on the last stage of cloud-init.
[[nodiscard]] Remedy do_not_wait_for_user_data();

/// Makes root the only user with write access to `path`.
[[nodiscard]] Remedy protect(const std::string& path, const std::string& mode);

/// Renames `path`, so that nothing of it is lost.
[[nodiscard]] std::string move_aside(const std::string& path);

/// `text` as a literal in an extended regular expression of grep(1) or sed(1) with the delimiter
/// '#'.
[[nodiscard]] std::string regex_quoted(std::string_view text);

}  // namespace core::doctor
