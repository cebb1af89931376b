// SPDX-License-Identifier: Apache-2.0
#include "core/parse/mountinfo.hpp"

#include "core/base/text_fields.hpp"

#include <algorithm>

namespace core {
namespace {

constexpr bool is_octal(char c) {
    return c >= '0' && c <= '7';
}

bool has_option(std::string_view options, std::string_view wanted) {
    while (!options.empty()) {
        if (take_until(options, ',') == wanted) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string unescape_mount_field(std::string_view field) {
    std::string result;
    result.reserve(field.size());
    for (std::size_t i = 0; i < field.size(); ++i) {
        const bool escaped = field[i] == '\\' && i + 3 < field.size() && field[i + 1] <= '3' &&
                             is_octal(field[i + 1]) && is_octal(field[i + 2]) &&
                             is_octal(field[i + 3]);
        if (escaped) {
            result += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                                        (field[i + 3] - '0'));
            i += 3;
        } else {
            result += field[i];
        }
    }
    return result;
}

std::optional<MountEntry> parse_mountinfo_line(std::string_view line) {
    const std::string_view mount_id = take_until(line, ' ');
    const std::string_view parent_id = take_until(line, ' ');
    if (!parse_number<unsigned>(mount_id) || !parse_number<unsigned>(parent_id)) {
        return std::nullopt;
    }
    const std::string_view device = take_until(line, ' ');
    take_until(line, ' ');  // the part of the file system that is mounted
    const std::string_view mount_point = take_until(line, ' ');
    const std::string_view options = take_until(line, ' ');
    bool separated = false;
    while (!separated && !line.empty()) {
        separated = take_until(line, ' ') == "-";
    }
    const std::string_view fstype = take_until(line, ' ');
    const std::string_view source =
        take_until(line, ' ');  // may be empty: two blanks follow each other
    const std::string_view super_options = take_until(line, ' ');
    if (!separated || mount_point.empty() || mount_point.front() != '/' || fstype.empty() ||
        super_options.empty()) {
        return std::nullopt;
    }
    return MountEntry{.mount_point = unescape_mount_field(mount_point),
                      .device = std::string(device),
                      .fstype = unescape_mount_field(fstype),
                      .source = unescape_mount_field(source),
                      .options = unescape_mount_field(options),
                      .super_options = unescape_mount_field(super_options),
                      .read_only = has_option(options, "ro") || has_option(super_options, "ro")};
}

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
    std::vector<MountEntry> entries;
    while (!text.empty()) {
        if (auto entry = parse_mountinfo_line(take_until(text, '\n'))) {
            entries.push_back(std::move(*entry));
        }
    }
    return entries;
}

std::optional<MountEntry> find_mount(std::string_view text, std::string_view path) {
    return find_mount(parse_mountinfo(text), path);
}

std::optional<MountEntry> find_mount(const std::vector<MountEntry>& entries,
                                     std::string_view path) {
    const auto found = std::find_if(entries.rbegin(), entries.rend(), [&](const MountEntry& entry) {
        return entry.mount_point == path;
    });
    return found == entries.rend() ? std::nullopt : std::optional(*found);
}

}  // namespace core
