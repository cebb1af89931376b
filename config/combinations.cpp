// SPDX-License-Identifier: Apache-2.0
#include "config/combinations.hpp"

#include "core/base/duration.hpp"
#include "core/base/excerpt.hpp"
#include "core/model/paths.hpp"

#include <array>

namespace config {
namespace {

using core::Settings;

// A mount that hangs is known to hang after its deadline; with more rounds than this in between,
// what is served would not be about the same mount any more.
constexpr int deadline_rounds_max = 20;

enum class Position { apart, same, inside, around };

Position position(std::string_view path, std::string_view other) {
    if (path == other) {
        return Position::same;
    }
    const auto is_inside = [](std::string_view inner, std::string_view outer) {
        return inner.size() > outer.size() && inner.starts_with(outer) &&
               inner[outer.size()] == '/';
    };
    if (is_inside(path, other)) {
        return Position::inside;
    }
    return is_inside(other, path) ? Position::around : Position::apart;
}

struct PathOf {
    std::string_view key;
    const std::string& (*get)(const Settings&);
};

constexpr PathOf mount{"mount.path",
                       [](const Settings& s) -> const std::string& { return s.mount.path; }};
constexpr PathOf link{"queue.link",
                      [](const Settings& s) -> const std::string& { return s.queue.link; }};
constexpr PathOf skeleton{"queue.skeleton",
                          [](const Settings& s) -> const std::string& { return s.queue.skeleton; }};
constexpr PathOf maillog{"maillog.path",
                         [](const Settings& s) -> const std::string& { return s.maillog.path; }};

// Neither of a pair may be, contain or lie in the other.
struct Apart {
    PathOf path;
    PathOf other;
    std::string_view why;
};

constexpr std::array apart{
    Apart{link, mount, "the link must be on the local disk and point into the mount"},
    Apart{skeleton, mount, "the skeleton must be on the local disk"},
    Apart{skeleton, link, "the skeleton must outlive the swap of the link"},
    Apart{maillog, mount, "the log must be readable when the mount hangs"},
    Apart{maillog, link, "the log must be readable when the mount hangs"},
};

std::string_view in_words(Position position) {
    switch (position) {
        case Position::same: return " is the same as ";
        case Position::inside: return " is inside ";
        default: return " contains ";
    }
}

void find_overlaps(const Settings& settings, std::vector<Conflict>& conflicts) {
    for (const Apart& rule : apart) {
        const std::string& path = rule.path.get(settings);
        const std::string& other = rule.other.get(settings);
        const Position found = position(path, other);
        if (found == Position::apart) {
            continue;
        }
        std::string message = core::excerpt(path);
        message.append(in_words(found))
            .append(rule.other.key)
            .append(" ")
            .append(core::excerpt(other));
        conflicts.push_back(
            {{rule.path.key, rule.other.key}, message.append("; ").append(rule.why)});
    }
}

// Names that the relink uses beside the link, temporarily or permanently.
void find_working_names(const Settings& settings, std::vector<Conflict>& conflicts) {
    const core::Paths paths = core::paths_for(settings, {});
    for (const std::string& taken : {paths.new_link, paths.set_aside}) {
        for (const PathOf& path : {skeleton, mount, maillog}) {
            if (path.get(settings) == taken) {
                conflicts.push_back({{path.key, link.key},
                                     core::excerpt(taken) +
                                         " is a name that the relink uses beside queue.link; "
                                         "choose another"});
            }
        }
    }
}

void find_path_without_file(const Settings& settings, std::vector<Conflict>& conflicts) {
    if (settings.maillog.source == core::MaillogSource::journal &&
        settings.maillog.path != "auto") {
        conflicts.push_back({{"maillog.path", "maillog.source"},
                             core::excerpt(settings.maillog.path) +
                                 " is not read, because maillog.source is journal; set it to "
                                 "\"auto\", or the source "
                                 "to \"file\""});
    }
}

void find_slow_deadline(const Settings& settings, std::vector<Conflict>& conflicts) {
    if (settings.mount.deadline > deadline_rounds_max * settings.checks.interval) {
        conflicts.push_back({{"mount.deadline", "checks.interval"},
                             core::format_duration(settings.mount.deadline) + " is more than " +
                                 std::to_string(deadline_rounds_max) + " times checks.interval, " +
                                 core::format_duration(settings.checks.interval) +
                                 "; shorten the deadline or lengthen the interval"});
    }
}

}  // namespace

std::vector<Conflict> find_conflicts(const Settings& settings) {
    std::vector<Conflict> conflicts;
    find_overlaps(settings, conflicts);
    find_working_names(settings, conflicts);
    find_path_without_file(settings, conflicts);
    find_slow_deadline(settings, conflicts);
    return conflicts;
}

}  // namespace config
