// SPDX-License-Identifier: Apache-2.0
// Values as a page shows them. What comes from outside becomes text and never markup.
#pragma once

#include "core/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace agent {

/// Fit for an element's text and for an attribute's value in double quotes: & < > " ' are escaped,
/// and whatever is no printable ASCII is '?', so that the page is valid UTF-8 whatever bytes a log
/// line brought.
[[nodiscard]] std::string html_text(std::string_view text);

/// <time datetime="2026-11-22T10:15:04.126Z">2026-11-22 10:15:04 UTC</time>
[[nodiscard]] std::string html_time(core::WallTime time);

/// "1,234,567"
[[nodiscard]] std::string grouped(std::uint64_t number);

/// "0 B", "999 B", "1.2 kB", "34 MB": decimal units, two digits at least.
[[nodiscard]] std::string describe_bytes(std::uint64_t bytes);

}  // namespace agent
