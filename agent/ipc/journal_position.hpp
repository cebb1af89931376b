// SPDX-License-Identifier: Apache-2.0
// The position in the journal that a request to read it and the reply carry as text: the cursor
// after which start lines are wanted and, separated by a blank, the one after which all lines are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace agent {

/// "" is the beginning of this boot.
struct JournalPosition {
    std::string starts;
    std::optional<std::string> lines;  ///< absent: only start lines are wanted
};

[[nodiscard]] inline std::string to_text(const JournalPosition& position) {
    return position.lines ? position.starts + ' ' + *position.lines : position.starts;
}

[[nodiscard]] inline JournalPosition journal_position(std::string_view text) {
    JournalPosition position;
    const auto blank = text.find(' ');
    position.starts = text.substr(0, blank);
    if (blank != std::string_view::npos) {
        position.lines = text.substr(blank + 1);
    }
    return position;
}

}  // namespace agent
