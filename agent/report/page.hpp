// SPDX-License-Identifier: Apache-2.0
// The page at "/": what a person opens when mail is slow. All of it is in the HTML, which is whole
// without the script. Shows no more of this host than /health and /metrics do. No I/O, no clock:
// ages are those at the verdict.
#pragma once

#include "core/model/facts.hpp"
#include "core/verdict/history.hpp"
#include "core/verdict/verdict.hpp"

#include <string>
#include <string_view>

namespace agent {

struct PageView {
    const core::Verdict& verdict;
    const core::Observed<core::RelinkProgress>& relink;
    const core::History& history;
    std::string_view version;  ///< of this program
};

[[nodiscard]] std::string render_page(const PageView& view);

/// The same page where there is no verdict to show, but one line to say.
[[nodiscard]] std::string render_notice(std::string_view word, std::string_view text);

/// What goes with every answer of "/": it depends on what the client can read. A header field, with
/// its CRLF.
inline constexpr std::string_view index_fields = "Vary: Accept\r\n";

/// The header fields that must go with the page, each with its CRLF: that, and what a browser may
/// do with it.
[[nodiscard]] const std::string& page_fields();

/// How many messages there are, how old and how large, and how that grew. (page_queue.cpp)
[[nodiscard]] std::string render_queue(const core::History& history, core::TimePoint now);

}  // namespace agent
