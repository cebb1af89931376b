// SPDX-License-Identifier: Apache-2.0
// One function per command. Each prints what a person wants to read and returns the exit status of
// the contract.
#pragma once

#include "agent/commands/command_line.hpp"
#include "config/load.hpp"
#include "core/model/settings.hpp"

namespace agent {

[[nodiscard]] config::LoadRequest load_request(const CommandLine& line);

/// Prints every error; returns 78 (EX_CONFIG of sysexits(3)), or the
/// command's own status for "unknown": 3 for check and status, 1 for gate.
[[nodiscard]] int report_settings_errors(Command command, const config::Problems& problems);

[[nodiscard]] int serve_command(const config::LoadRequest& request, config::Loaded loaded);
[[nodiscard]] int check_command(const core::Settings& settings, bool json);
[[nodiscard]] int relink_command(const core::Settings& settings, bool dry_run);
/// `unit`: the unit that asks, "" for a person (command_line.hpp). For a unit: 255 instead of 1, a
/// mark of the refusal (agent/host/refused_units.hpp), and before it decides it waits for an agent
/// that is starting, at most mount.wait.
[[nodiscard]] int gate_command(const core::Settings& settings, const std::string& unit);
/// What gate does when the settings have errors: it refuses, and says every error.
[[nodiscard]] int gate_without_settings(const config::Problems& problems, const std::string& unit);
[[nodiscard]] int status_command(const core::Settings& settings, bool json);
/// Refreshes the status on a terminal until a signal, also while the agent is gone. The signal ends
/// the process with the exit status of the last report. Without a terminal: reports that,
/// returns 3.
[[nodiscard]] int watch_status_command(const core::Settings& settings);
/// Settings that are not valid are one finding among others.
[[nodiscard]] int doctor_command(const config::LoadRequest& request,
                                 const config::LoadResult& loaded, bool image, bool json);
[[nodiscard]] int nfs_identity_command(const core::Settings& settings);
[[nodiscard]] int config_check_command(const config::Loaded& loaded);
[[nodiscard]] int config_print_command(const config::Loaded& loaded);

}  // namespace agent
