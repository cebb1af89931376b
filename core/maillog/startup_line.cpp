// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/startup_line.hpp"

#include "core/base/printable.hpp"
#include "core/base/text_fields.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

using Kind = LogEvent::Kind;

// The last part of the tag of lines that count.
enum class Program { other, postfix, postmulti, script, master, postlog };

struct ProgramName {
    std::string_view name;
    Program program;
};

constexpr std::array programs{
    ProgramName{"postfix", Program::postfix},       ProgramName{"postmulti", Program::postmulti},
    ProgramName{"postfix-script", Program::script}, ProgramName{"master", Program::master},
    ProgramName{"postlog", Program::postlog},
};

// Fatal lines of these programs that are the end of another command than a start, or of a mistyped
// one.
constexpr std::array<std::string_view, 9> not_of_a_start{
    "the Postfix mail system is not running",
    "usage",
    "unknown command: ",
    "the postfix command is reserved for the superuser",
    "to submit mail, use the Postfix sendmail command",
    "empty '",        // postfix logrotate, without a maillog_file
    "not rotating ",  // postfix logrotate
    "logfile '",      // postfix logrotate
    "-c requires absolute pathname",
};

// postfix-script, before it signals master.
constexpr std::array<std::string_view, 2> texts_of_stopping{
    "stopping the Postfix mail system",
    "aborting the Postfix mail system",
};

constexpr std::array<std::string_view, 4> texts_of_aftermath{
    "mail system startup failed",
    "daemon initialization failure",
    "Postfix integrity check failed!",
    "cannot start-fg the master daemon",
};

template <std::size_t Size>
bool begins_with_any(std::string_view text, const std::array<std::string_view, Size>& beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [text](std::string_view b) { return text.starts_with(b); });
}

Program program_of(std::string_view name) {
    const auto* const found = std::find_if(programs.begin(), programs.end(),
                                           [name](const ProgramName& p) { return p.name == name; });
    return found == programs.end() ? Program::other : found->program;
}

struct Tag {
    std::string_view syslog_name;  ///< before the program's name, with the '/'
    Program program;
};

// Takes "postfix/master[1051]: " or "postfix/master: " off the front, if it is one of the programs.
std::optional<Tag> take_tag(std::string_view& rest) {
    const auto end = rest.find(": ");
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view text = rest.substr(0, end);
    const auto bracket = text.ends_with(']') ? text.rfind('[') : std::string_view::npos;
    const std::string_view without_pid = text.substr(0, bracket);
    const auto name_begin = without_pid.rfind('/') + 1;
    const Program program = program_of(without_pid.substr(name_begin));
    // Most lines end here; the tag's form is checked only for the others.
    if (program == Program::other || without_pid.find(' ') != std::string_view::npos) {
        return std::nullopt;
    }
    if (bracket != std::string_view::npos &&
        !parse_number<std::uint64_t>(text.substr(bracket + 1, text.size() - bracket - 2))) {
        return std::nullopt;
    }
    rest.remove_prefix(end + 2);
    return Tag{without_pid.substr(0, name_begin), program};
}

// What systemd copies from a unit's standard error carries the tag of the command and then the one
// of the program that wrote it: "postfix[246727]: postfix/postlog: fatal: ...".
Program take_program(std::string_view& rest) {
    const auto tag = take_tag(rest);
    if (!tag) {
        return Program::other;
    }
    if (tag->program != Program::postfix && tag->program != Program::postmulti) {
        return tag->program;
    }
    std::string_view inside = rest;
    const auto inner_tag = take_tag(inside);
    if (inner_tag && !inner_tag->syslog_name.empty()) {
        rest = inside;
        return inner_tag->program;
    }
    // postmulti's own errors are about managing instances, not about a start.
    return tag->program == Program::postmulti ? Program::other : tag->program;
}

std::optional<Kind> kind_of(Program program, std::string_view text) {
    constexpr std::string_view fatal = "fatal: ";
    if (program == Program::other) {
        return std::nullopt;
    }
    if (program == Program::master && text.starts_with("daemon started -- version ")) {
        return Kind::daemon_started;
    }
    if (program == Program::master && text.starts_with("terminating on signal ")) {
        return Kind::terminated;
    }
    // With maillog_file master's last line is lost: postlogd, which would write it, ends first.
    if (program == Program::script && begins_with_any(text, texts_of_stopping)) {
        return Kind::terminated;
    }
    if (!text.starts_with(fatal)) {
        return std::nullopt;
    }
    text.remove_prefix(fatal.size());
    if (text.starts_with("the Postfix mail system is already running")) {
        return Kind::already_running;
    }
    if (text.starts_with("open lock file ") &&
        text.find(": unable to set exclusive lock") != std::string_view::npos) {
        return Kind::lock_refused;
    }
    if (begins_with_any(text, texts_of_aftermath)) {
        return Kind::aftermath;
    }
    return begins_with_any(text, not_of_a_start) ? std::nullopt : std::optional(Kind::start_failed);
}

}  // namespace

bool may_be_event(std::string_view text) {
    constexpr std::array<std::string_view, 5> texts{"fatal: ", "daemon started",
                                                    "terminating on signal ",
                                                    "stopping the Postfix", "aborting the Postfix"};
    return std::any_of(texts.begin(), texts.end(), [text](std::string_view t) {
        return text.find(t) != std::string_view::npos;
    });
}

std::optional<LogEvent> parse_maillog_line(std::string_view line, WallTime now,
                                           const LocalTime& local_time) {
    // Nearly all lines of a busy relay are of other programs: skipped before a date is computed.
    std::string_view rest = after_log_time(line);
    take_until(rest, ' ');  // the host's name
    const auto kind = kind_of(take_program(rest), rest);
    if (!kind) {
        return std::nullopt;
    }
    std::string_view stamped = line;
    const auto at = take_log_time(stamped, now, local_time);
    if (!at) {
        return std::nullopt;
    }
    return LogEvent{.kind = *kind, .at = *at, .text = printable(line, max_event_text)};
}

}  // namespace core
