// SPDX-License-Identifier: Apache-2.0
// What an operator does about a fault.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace core {

struct Remedy {
    std::string advice;                 ///< one sentence without a command in it; "" for no remedy
    std::vector<std::string> commands;  ///< in order; each is one line that a shell takes as it is

    friend bool operator==(const Remedy&, const Remedy&) = default;
};

/// Returns a word for sh(1): unchanged where every byte is safe, else in single quotes.
[[nodiscard]] std::string shell_quoted(std::string_view word);

}  // namespace core
