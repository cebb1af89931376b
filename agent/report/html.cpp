// SPDX-License-Identifier: Apache-2.0
#include "agent/report/html.hpp"

#include "core/base/timestamp.hpp"

#include <array>

namespace agent {

std::string html_text(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c >= ' ' && c <= '~' ? c : '?';
        }
    }
    return out;
}

std::string html_time(core::WallTime time) {
    const std::string stamp = core::rfc3339(time);
    constexpr std::size_t date = 10;
    constexpr std::size_t clock = 8;
    return "<time datetime=\"" + stamp + "\">" + stamp.substr(0, date) + " " +
           stamp.substr(date + 1, clock) + " UTC</time>";
}

std::string grouped(std::uint64_t number) {
    std::string out = std::to_string(number);
    constexpr std::size_t group = 3;
    for (std::size_t end = out.size(); end > group; end -= group) {
        out.insert(end - group, ",");
    }
    return out;
}

std::string describe_bytes(std::uint64_t bytes) {
    constexpr std::array<std::string_view, 7> units{" B", " kB", " MB", " GB", " TB", " PB", " EB"};
    constexpr std::uint64_t thousand = 1000;
    std::size_t unit = 0;
    std::uint64_t whole = bytes;
    std::uint64_t rest = 0;
    while (whole >= thousand) {
        rest = whole % thousand;
        whole /= thousand;
        ++unit;
    }
    std::string out = std::to_string(whole);
    if (unit > 0 && whole < 10) {
        out += "." + std::to_string(rest / 100);
    }
    return out.append(units[unit]);
}

}  // namespace agent
