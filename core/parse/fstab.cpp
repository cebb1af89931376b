// SPDX-License-Identifier: Apache-2.0
#include "core/parse/fstab.hpp"

#include "core/base/text_fields.hpp"
#include "core/parse/mountinfo.hpp"

#include <algorithm>

namespace core {
namespace {

std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> fields;
    for (;;) {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (line.empty()) {
            return fields;
        }
        const std::string_view field = line.substr(0, line.find_first_of(" \t"));
        fields.push_back(unescape_mount_field(field));
        line.remove_prefix(field.size());
    }
}

// "/srv/" in the file is the mount point /srv.
bool is_same_place(std::string path, std::string_view mount_point) {
    while (path.size() > 1 && path.ends_with('/')) {
        path.pop_back();
    }
    return path == mount_point;
}

std::vector<std::string> split(std::string_view options) {
    std::vector<std::string> list;
    while (!options.empty()) {
        list.emplace_back(take_until(options, ','));
    }
    return list;
}

}  // namespace

bool FstabLine::has(std::string_view option) const {
    return std::find(options.begin(), options.end(), option) != options.end();
}

bool FstabLine::has_prefix(std::string_view begin) const {
    return std::any_of(options.begin(), options.end(),
                       [&](const std::string& option) { return option.starts_with(begin); });
}

std::vector<FstabLine> fstab_lines(std::string_view fstab, std::string_view mount_point) {
    std::vector<FstabLine> lines;
    for (std::size_t number = 1; !fstab.empty(); ++number) {
        std::string_view text = take_until(fstab, '\n');
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        const bool commented = text.starts_with('#');
        text.remove_prefix(std::min(text.find_first_not_of('#'), text.size()));
        const std::vector<std::string> fields = fields_of(text);
        if (fields.size() >= 3 && is_same_place(fields[1], mount_point)) {
            lines.push_back({number, commented, fields[0], fields[2],
                             fields.size() > 3 ? split(fields[3]) : std::vector<std::string>{}});
        }
    }
    return lines;
}

}  // namespace core
