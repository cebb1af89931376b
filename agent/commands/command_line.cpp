// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/command_line.hpp"

#include "agent/base/version.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace agent {
namespace {

constexpr int usage_error = 64;

constexpr const char* description =
    "Relinks Postfix's queue to this instance's own directory on shared storage before Postfix may "
    "start,\n"
    "then answers for it: /health, /readyz, /livez and /metrics over HTTP.\n";

constexpr const char* footer =
    "\nFiles:\n"
    "  /etc/postfix-elb-agent/agent.json   the settings; none are needed on a standard host\n"
    "  /run/postfix-elb-agent/             run-time state\n"
    "\nExamples:\n"
    "  postfix-elb-agent check                        is everything right here, now?\n"
    "  postfix-elb-agent relink --dry-run             what would be done, changing nothing\n"
    "  postfix-elb-agent serve --set listen.port=80   any setting can be given on the command "
    "line\n";

constexpr const char* also =
    "\n--config FILE and --set KEY=VALUE work here, too: see postfix-elb-agent --help\n";

struct Builder {
    CommandLine line;
    CLI::App app{description, "postfix-elb-agent"};

    Builder() {
        app.require_subcommand(0, 1);
        app.fallthrough();
        app.footer(footer);
        app.set_version_flag("--version", std::string("postfix-elb-agent ") + version());
        app.add_option("--config", line.settings_file,
                       "Settings file (default /etc/postfix-elb-agent/agent.json)")
            ->type_name("FILE");
        app.add_option("--set", line.overrides,
                       "Override one setting, e.g. --set mount.path=/Mail; may be repeated")
            ->type_name("KEY=VALUE")
            ->allow_extra_args(false);
        add("serve", Command::serve,
            "Relink, then serve (the default). Exit: 0 on SIGTERM, 78 settings, 1 else");
        add("check", Command::check,
            "Every check once, now. Exit: 0 pass, 1 warn, 2 fail, 3 unknown")
            ->add_flag("--json", line.json, "Print what /health would say");
        add("relink", Command::relink, "Relink once. Exit: 0 done or nothing to do, 2 refused")
            ->add_flag("--dry-run", line.dry_run,
                       "Print the steps it would take and change nothing");
        add("gate", Command::gate,
            "For Postfix's unit: may Postfix start now? Exit: 0 yes, 1 no and why")
            ->add_option("--unit", line.unit,
                         "The unit that asks: waits while the agent starts, and has the agent "
                         "start it later if refused")
            ->type_name("NAME");
        CLI::App* status = add("status", Command::status,
                               "What the running agent says, as a table. Exit: as check");
        CLI::Option* json = status->add_flag("--json", line.json, "Print the body of /health");
        status->add_flag("--watch", line.watch, "Show it again every 2 s, until Ctrl-C")
            ->excludes(json);
        CLI::App* doctor =
            add("doctor", Command::doctor,
                "What of this machine's set-up is wrong, and what to do. Exit: as check");
        doctor->add_flag("--image", line.image,
                         "Look at a machine that is about to become an image (AMI)");
        doctor->add_flag("--json", line.json, "Print it as JSON");
        add("nfs-identity", Command::nfs_identity,
            "Before the mount: name this NFS client. Exit: 0 done or nothing to do, 1 no and why");
        CLI::App* config = app.add_subcommand(
            "config", "Validate or print the settings. Exit: 0, or 78 with every error");
        config->require_subcommand(1);
        config->fallthrough();
        config->footer(also);
        config->add_subcommand("check", "Validate the settings")->callback([this] {
            line.command = Command::config_check;
        });
        config->add_subcommand("print", "Print the effective settings and where each comes from")
            ->callback([this] { line.command = Command::config_print; });
    }

    CLI::App* add(const char* name, Command command, const char* words) {
        CLI::App* sub = app.add_subcommand(name, words);
        sub->footer(also);
        sub->callback([this, command] { line.command = command; });
        return sub;
    }
};

}  // namespace

ParsedCommandLine parse_command_line(int argc, char** argv) {
    Builder builder;
    try {
        builder.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return {std::nullopt, builder.app.exit(error) == 0 ? 0 : usage_error};
    }
    return {std::move(builder.line), 0};
}

}  // namespace agent
