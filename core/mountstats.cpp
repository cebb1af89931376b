// SPDX-License-Identifier: Apache-2.0
#include "core/mountstats.hpp"

#include "core/mountinfo.hpp"
#include "core/text_fields.hpp"

namespace core {
namespace {

// "device srv:/ mounted on /Mail with fstype nfs4 statvers=1.1", blanks in the names escaped as in mountinfo.
std::optional<std::string> heading_mount_point(std::string_view line) {
    constexpr std::string_view before = " mounted on ";
    constexpr std::string_view after = " with fstype ";
    const auto begin = line.find(before);
    if (begin == std::string_view::npos || line.front() == '\t') {
        return std::nullopt;
    }
    line.remove_prefix(begin + before.size());
    return unescape_mount_field(line.substr(0, line.find(after)));
}

// "\tnfsv4:\tbm0=0xfdffbfff,...,lease_time=30,lease_expired=0"
std::optional<std::int64_t> line_lease_expired(std::string_view line) {
    constexpr std::string_view heading = "\tnfsv4:\t";
    constexpr std::string_view key = "lease_expired=";
    if (!line.starts_with(heading)) {
        return std::nullopt;
    }
    line.remove_prefix(heading.size());
    while (!line.empty()) {
        const std::string_view option = take_until(line, ',');
        if (option.starts_with(key)) {
            return parse_number<std::int64_t>(option.substr(key.size()));
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> lease_expired(std::string_view text, std::string_view mount_point) {
    std::optional<std::int64_t> seconds;
    bool inside = false;
    while (!text.empty()) {
        const std::string_view line = take_until(text, '\n');
        if (const auto named = heading_mount_point(line)) {
            inside = *named == mount_point;
            if (inside) {
                seconds.reset();
            }
        } else if (inside) {
            if (const auto expired = line_lease_expired(line)) {
                seconds = expired;
            }
        }
    }
    return seconds;
}

}  // namespace core
