// SPDX-License-Identifier: Apache-2.0
// A part of a sentence that is left out where its text is empty.
#pragma once

#include <string>
#include <string_view>

namespace core {

/// Returns `before` + `text` + `after`, or "" for an empty text.
[[nodiscard]] inline std::string text_part(std::string_view before, std::string_view text,
                                           std::string_view after = "") {
    if (text.empty()) {
        return {};
    }
    return std::string(before).append(text).append(after);
}

}  // namespace core
