// SPDX-License-Identifier: Apache-2.0
// What --help and the command "help" print. The test of the shell completions reads
// these texts, and a unit test compares them with the accepted commands and options.
#pragma once

#include <string>
#include <string_view>

namespace agent {

/// `topic`: "" for the whole program, or a command, such as "check" or "config print". Returns ""
/// for another topic. At most 80 columns, and a newline after each line.
[[nodiscard]] std::string help_text(std::string_view topic);

}  // namespace agent
