// SPDX-License-Identifier: Apache-2.0
// The text of pid/master.pid. master(8) writes its pid right-aligned in 32 columns and a newline
// (src/master/master.c) and never truncates or removes the file; postfix-script reads its first
// line (`sed 1q`).
#pragma once

#include "core/base/result.hpp"

#include <string_view>

namespace core {

/// The pid in the first line of `first_bytes`, which may have blanks around it and nothing else;
/// from 1 to INT32_MAX. The message of an error (malformed) is the text of that line, printable and
/// bounded: "" if it is blank.
[[nodiscard]] Result<int> parse_pid_file(std::string_view first_bytes);

}  // namespace core
