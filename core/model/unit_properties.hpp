// SPDX-License-Identifier: Apache-2.0
// What systemd reports of a unit, org.freedesktop.systemd1(5).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace core {

/// A command of ExecCondition= or ExecStartPre=.
struct UnitCommand {
    std::vector<std::string> words;
    bool failure_ignored = false;  ///< "-" before it
};

/// One loaded unit; texts as systemd gives them.
struct UnitProperties {
    std::string name;
    std::string load_state;  ///< "loaded", "not-found", "masked", ...
    std::string active_state;
    std::string sub_state;
    std::string unit_file_state;  ///< "enabled", "disabled", "static", ...
    std::string type;             ///< of a service
    std::string status_text;      ///< STATUS= of a service
    std::string pid_file;
    std::vector<std::string> after;
    std::vector<std::string> required;         ///< Requires=, Requisite= and BindsTo=
    std::vector<std::string> mounts_required;  ///< RequiresMountsFor=
    std::vector<UnitCommand> before_start;     ///< ExecCondition= and ExecStartPre=
    std::vector<std::string> listens;          ///< of a socket: "[::]:8025"
    bool default_dependencies = true;
    bool needs_daemon_reload = false;
    std::uint64_t start_timeout_us = UINT64_MAX;  ///< UINT64_MAX: none
    std::uint64_t active_since_us = 0;            ///< on the wall clock; 0: never in this boot
    std::uint64_t active_since_monotonic_us = 0;
};

/// The state of the agent's own unit.
struct StartingUnit {
    std::string active_state;  ///< "active", "activating", "inactive", "failed", ...
    bool has_job = false;      ///< a job is queued for it
    std::string status;        ///< its STATUS=, sd_notify(3)
    std::chrono::microseconds left_inactive{
        0};  ///< when it last began to start, CLOCK_MONOTONIC; 0: never
};

}  // namespace core
