// SPDX-License-Identifier: Apache-2.0
#include "agent/commands/command_line.hpp"

#include "agent/base/version.hpp"
#include "agent/commands/help_text.hpp"
#include "core/base/edit_distance.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace agent {
namespace {

constexpr int usage_error = 64;

/// "config print" for the command "print" of "config"; "" for the program.
std::string topic_of(const CLI::App& app) {
    const CLI::App* parent = app.get_parent();
    if (parent == nullptr) {
        return "";
    }
    const std::string before = topic_of(*parent);
    return before.empty() ? app.get_name() : before + " " + app.get_name();
}

class HelpFormatter : public CLI::FormatterBase {
   public:
    std::string make_help(const CLI::App* app, std::string /*name*/,
                          CLI::AppFormatMode /*mode*/) const override {
        return help_text(topic_of(*app));
    }
};

struct Builder {
    CommandLine line;
    bool help = false;
    std::vector<std::string> topic;  ///< of "help"
    CLI::App app{"", "postfix-elb-agent"};

    Builder() {
        app.formatter(std::make_shared<HelpFormatter>());
        app.require_subcommand(0, 1);
        app.fallthrough();
        app.set_version_flag("--version", std::string("postfix-elb-agent ") + version());
        app.add_option("--config", line.settings_file)->type_name("FILE");
        app.add_option("--set", line.overrides)->type_name("KEY=VALUE")->allow_extra_args(false);
        add("serve", Command::serve);
        add("check", Command::check)->add_flag("--json", line.json);
        add("relink", Command::relink)->add_flag("--dry-run", line.dry_run);
        add("gate", Command::gate)->add_option("--unit", line.unit)->type_name("NAME");
        CLI::App* status = add("status", Command::status);
        CLI::Option* json = status->add_flag("--json", line.json);
        status->add_flag("--watch", line.watch)->excludes(json);
        CLI::App* doctor = add("doctor", Command::doctor);
        doctor->add_flag("--image", line.image);
        doctor->add_flag("--json", line.json);
        add("nfs-identity", Command::nfs_identity);
        CLI::App* config = app.add_subcommand("config");
        config->require_subcommand(1);
        config->fallthrough();
        add("check", Command::config_check, config);
        add("print", Command::config_print, config);
        CLI::App* help_command = app.add_subcommand("help");
        help_command->add_option("command", topic);
        help_command->callback([this] { help = true; });
    }

    CLI::App* add(const char* name, Command command, CLI::App* parent = nullptr) {
        CLI::App* added = (parent == nullptr ? &app : parent)->add_subcommand(name);
        added->callback([this, command] { line.command = command; });
        return added;
    }

    /// The innermost command that was given; the program itself where none was.
    [[nodiscard]] const CLI::App& chosen() const {
        const CLI::App* chosen = &app;
        while (!chosen->get_subcommands().empty()) {
            chosen = chosen->get_subcommands().front();
        }
        return *chosen;
    }
};

std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(command->get_name());
    }
    return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            names.push_back("--" + name);
        }
    }
    return names;
}

/// With those of the program, which every command accepts.
std::vector<std::string> all_options_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
        for (const std::string& name : options_of(*level)) {
            names.push_back(name);
        }
    }
    return names;
}

int report_usage_error(const std::string& what, const std::string& topic) {
    const std::string hint = topic.empty() ? "for the list of commands, run: postfix-elb-agent help"
                                           : "for help, run: postfix-elb-agent help " + topic;
    std::fprintf(stderr, "postfix-elb-agent: %s\npostfix-elb-agent: %s\n", what.c_str(),
                 hint.c_str());
    return usage_error;
}

/// `app` is a command that requires a second word, such as "config".
int report_missing_command(const CLI::App& app) {
    return report_usage_error(
        "'" + topic_of(app) + "' needs a command: " + CLI::detail::join(commands_of(app), " or "),
        topic_of(app));
}

int report_unknown(const CLI::App& app, const std::string& word) {
    const bool option = word.starts_with('-');
    const std::vector<std::string> known = option ? all_options_of(app) : commands_of(app);
    const std::string topic = topic_of(app);
    if (known.empty()) {
        return report_usage_error("unexpected argument '" + word + "' after '" + topic + "'",
                                  topic);
    }
    const std::string name = word.substr(0, word.find('='));
    const std::string meant = core::nearest(name, known);
    std::string what = std::string("unknown ").append(option ? "option" : "command");
    what.append(" '").append(name).append("'");
    if (!meant.empty()) {
        what.append("; did you mean '").append(meant).append("'?");
    }
    return report_usage_error(what, topic);
}

int print_help(const Builder& builder) {
    const std::string topic = CLI::detail::join(builder.topic, " ");
    const std::string text = help_text(topic);
    if (text.empty()) {
        return report_unknown(builder.app, topic);
    }
    std::fputs(text.c_str(), stdout);
    return 0;
}

bool on_terminal() {
    return ::isatty(STDIN_FILENO) == 1 || ::isatty(STDOUT_FILENO) == 1;
}

int report_parse_error(const Builder& builder, const CLI::ParseError& error) {
    if (const std::vector<std::string> unknown = builder.app.remaining(true); !unknown.empty()) {
        return report_unknown(builder.chosen(), unknown.front());
    }
    if (error.get_exit_code() == 0) {
        return builder.app.exit(error);
    }
    const CLI::App& chosen = builder.chosen();
    const bool no_command =
        error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
    return no_command ? report_missing_command(chosen)
                      : report_usage_error(error.what(), topic_of(chosen));
}

}  // namespace

ParsedCommandLine parse_command_line(int argc, char** argv) {
    Builder builder;
    if (argc == 1 && on_terminal()) {
        return {std::nullopt, print_help(builder)};
    }
    try {
        builder.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return {std::nullopt, report_parse_error(builder, error)};
    }
    if (builder.help) {
        return {std::nullopt, print_help(builder)};
    }
    return {std::move(builder.line), 0};
}

AcceptedWords accepted_words(std::string_view topic) {
    const Builder builder;
    const CLI::App* app = &builder.app;
    for (const std::string& name : CLI::detail::split(std::string(topic), ' ')) {
        if (!name.empty()) {
            app = app->get_subcommand(name);
        }
    }
    return {commands_of(*app), options_of(*app)};
}

}  // namespace agent
