// SPDX-License-Identifier: Apache-2.0
#include "core/parse/process_text.hpp"

#include "core/base/text_fields.hpp"

#include <algorithm>

namespace core {
namespace {

constexpr std::string_view deleted = " (deleted)";

std::string_view take_word(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(word.size());
    return word;
}

std::optional<std::string_view> field_of_status(std::string_view status, std::string_view key) {
    while (!status.empty()) {
        std::string_view line = take_until(status, '\n');
        if (line.starts_with(key)) {
            line.remove_prefix(key.size());
            return line;
        }
    }
    return std::nullopt;
}

// "1: FLOCK  ADVISORY  WRITE 4904 00:28:131448 0 EOF"
std::optional<std::uint64_t> write_flock_of_line(std::string_view lock) {
    take_word(lock);
    if (take_word(lock) != "FLOCK") {
        return std::nullopt;
    }
    take_word(lock);  // ADVISORY
    if (take_word(lock) != "WRITE") {
        return std::nullopt;
    }
    take_word(lock);  // the pid that took it
    const std::string_view file = take_word(lock);
    return parse_number<std::uint64_t>(file.substr(file.rfind(':') + 1));
}

// The last component that is a service: a control group below a unit's is still the unit's.
std::string_view innermost_service(std::string_view path) {
    constexpr std::string_view suffix = ".service";
    path = without_deleted(path);
    while (!path.empty()) {
        const auto slash = path.rfind('/');
        const std::string_view name = path.substr(slash + 1);  // npos + 1 is 0
        if (name.size() > suffix.size() && name.ends_with(suffix)) {
            return name;
        }
        path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    }
    return {};
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view stat) {
    // Only the command name can hold a ')', so the last one ends it.
    const auto name_end = stat.rfind(") ");
    if (name_end == std::string_view::npos) {
        return std::nullopt;
    }
    stat.remove_prefix(name_end + 2);
    const std::string_view state = take_until(stat, ' ');
    const auto skip_fields = [&stat](int count) {
        for (int i = 0; i < count; ++i) {
            take_until(stat, ' ');
        }
    };
    skip_fields(9 - 3 - 1);
    const auto flags = parse_number<std::uint64_t>(take_until(stat, ' '));
    skip_fields(22 - 9 - 1);
    const auto start_ticks = parse_number<std::uint64_t>(take_until(stat, ' '));
    if (state.size() != 1 || !flags || !start_ticks) {
        return std::nullopt;
    }
    constexpr std::uint64_t pf_exiting = 0x4;
    return ProcessStat{
        .state = state.front(), .exiting = (*flags & pf_exiting) != 0, .start_ticks = *start_ticks};
}

std::optional<std::size_t> pid_namespace_depth(std::string_view status) {
    auto pids = field_of_status(status, "NSpid:");
    if (!pids) {
        return std::nullopt;
    }
    std::size_t depth = 0;
    while (!take_word(*pids).empty()) {
        ++depth;
    }
    return depth;
}

std::optional<std::uint32_t> real_user(std::string_view status) {
    auto users = field_of_status(status, "Uid:");
    return users ? parse_number<std::uint32_t>(take_word(*users)) : std::nullopt;
}

std::optional<std::uint64_t> write_flock_inode(std::string_view fdinfo) {
    constexpr std::string_view key = "lock:";
    while (!fdinfo.empty()) {
        std::string_view line = take_until(fdinfo, '\n');
        if (!line.starts_with(key)) {
            continue;
        }
        line.remove_prefix(key.size());
        if (const auto inode = write_flock_of_line(line)) {
            return inode;
        }
    }
    return std::nullopt;
}

std::string_view unit_of_cgroup(std::string_view cgroup) {
    while (!cgroup.empty()) {
        std::string_view line = take_until(cgroup, '\n');
        take_until(line, ':');  // the hierarchy's number
        const std::string_view controllers = take_until(line, ':');
        if (!controllers.empty() && controllers != "name=systemd") {
            continue;
        }
        if (const std::string_view unit = innermost_service(line); !unit.empty()) {
            return unit;
        }
    }
    return {};
}

std::string_view without_deleted(std::string_view path) {
    if (path.ends_with(deleted)) {
        path.remove_suffix(deleted.size());
    }
    return path;
}

bool is_master_executable(std::string_view path) {
    path = without_deleted(path);
    return path.starts_with('/') && path.ends_with("/master") &&
           path.find("/postfix/") != std::string_view::npos;
}

bool is_data_lock_file(std::string_view path) {
    return path.starts_with('/') && path.ends_with("/master.lock");
}

bool is_master_pid_file(std::string_view path) {
    path = without_deleted(path);
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos || !path.substr(0, slash).ends_with("/pid")) {
        return false;
    }
    const std::string_view name = path.substr(slash + 1);
    return name == "master.pid" || name.starts_with(".nfs");
}

}  // namespace core
