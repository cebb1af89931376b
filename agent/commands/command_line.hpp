// SPDX-License-Identifier: Apache-2.0
// The command line: the command, its options, and the origin of the settings.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace agent {

enum class Command {
    serve,
    check,
    relink,
    gate,
    status,
    doctor,
    nfs_identity,
    config_check,
    config_print
};

struct CommandLine {
    Command command = Command::serve;
    std::optional<std::string> settings_file;  ///< --config
    std::vector<std::string> overrides;        ///< --set key.path=value, in order
    bool json = false;                         ///< check --json, status --json, doctor --json
    bool watch = false;                        ///< status --watch
    bool dry_run = false;                      ///< relink --dry-run
    bool image = false;                        ///< doctor --image
    std::string unit;                          ///< gate --unit NAME; "" without the option
};

/// Either the command line, or the exit status of a program that has nothing left to do: 0 after
/// help and --version, 64 (EX_USAGE of sysexits(3)) after a reported error.
struct ParsedCommandLine {
    std::optional<CommandLine> command_line;
    int exit_status = 0;
};

/// Without arguments, prints the help on a terminal and means "serve" elsewhere.
[[nodiscard]] ParsedCommandLine parse_command_line(int argc, char** argv);

/// What follows `topic`, a command such as "config" or "" for the program: its own commands and its
/// own long options. The help and the shell completions are tested against it.
struct AcceptedWords {
    std::vector<std::string> commands;
    std::vector<std::string> options;  ///< with the "--"
};

[[nodiscard]] AcceptedWords accepted_words(std::string_view topic);

}  // namespace agent
