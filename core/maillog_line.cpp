// SPDX-License-Identifier: Apache-2.0
#include "core/maillog_line.hpp"

#include "core/printable.hpp"
#include "core/text_fields.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

using Kind = LogEvent::Kind;

// Whose lines count: the last part of the tag.
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

// Fatal lines of these programs that are the end of another command than a start, or of a mistyped one.
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

Program program_of(std::string_view tag) {
    const std::string_view name = tag.substr(tag.rfind('/') + 1);
    const auto* const found =
        std::find_if(programs.begin(), programs.end(), [name](const ProgramName& p) { return p.name == name; });
    return found == programs.end() ? Program::other : found->program;
}

// Takes "postfix/master[1051]: " or "postfix/master: " off the front; the tag without the pid.
std::optional<std::string_view> take_tag(std::string_view& rest) {
    const auto end = rest.find(": ");
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view tag = rest.substr(0, end);
    if (tag.find(' ') != std::string_view::npos) {
        return std::nullopt;
    }
    if (tag.ends_with(']')) {
        const auto bracket = tag.rfind('[');
        if (bracket == std::string_view::npos ||
            !parse_number<std::uint64_t>(tag.substr(bracket + 1, tag.size() - bracket - 2))) {
            return std::nullopt;
        }
        tag = tag.substr(0, bracket);
    }
    rest.remove_prefix(end + 2);
    return tag;
}

// What systemd copies from a unit's standard error carries the tag of the command and then the one of the program that
// wrote it: "postfix[246727]: postfix/postlog: fatal: ...".
Program take_program(std::string_view& rest) {
    const auto tag = take_tag(rest);
    if (!tag) {
        return Program::other;
    }
    const Program program = program_of(*tag);
    if (program != Program::postfix && program != Program::postmulti) {
        return program;
    }
    std::string_view inside = rest;
    const auto inner_tag = take_tag(inside);
    if (inner_tag && inner_tag->find('/') != std::string_view::npos && program_of(*inner_tag) != Program::other) {
        rest = inside;
        return program_of(*inner_tag);
    }
    // postmulti's own complaints are of managing instances, not of a start.
    return program == Program::postmulti ? Program::other : program;
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
    if (!text.starts_with(fatal)) {
        return std::nullopt;
    }
    text.remove_prefix(fatal.size());
    if (text.starts_with("the Postfix mail system is already running")) {
        return Kind::already_running;
    }
    if (text.starts_with("open lock file ") && text.find(": unable to set exclusive lock") != std::string_view::npos) {
        return Kind::lock_refused;
    }
    if (begins_with_any(text, texts_of_aftermath)) {
        return Kind::aftermath;
    }
    return begins_with_any(text, not_of_a_start) ? std::nullopt : std::optional(Kind::start_failed);
}

}  // namespace

std::optional<LogEvent> parse_maillog_line(std::string_view line, WallTime now, const LocalTime& local_time) {
    // A busy relay logs thousands of lines a second that are none of this; they are let go before any date is computed.
    constexpr std::array<std::string_view, 3> telling{"fatal: ", "daemon started", "terminating on signal "};
    if (std::none_of(telling.begin(), telling.end(),
                     [line](std::string_view text) { return line.find(text) != std::string_view::npos; })) {
        return std::nullopt;
    }
    std::string_view rest = line;
    const auto at = take_log_time(rest, now, local_time);
    if (!at) {
        return std::nullopt;
    }
    take_until(rest, ' ');  // the host's name
    const auto kind = kind_of(take_program(rest), rest);
    if (!kind) {
        return std::nullopt;
    }
    return LogEvent{.kind = *kind, .at = *at, .text = printable(line, max_event_text)};
}

}  // namespace core
