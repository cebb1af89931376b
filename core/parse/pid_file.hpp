// SPDX-License-Identifier: Apache-2.0
// The text of pid/master.pid. master(8) writes its pid right-aligned in 32 columns and a newline
// (src/master/master.c) and never truncates or removes the file; postfix-script reads its first
// line (`sed 1q`).
#pragma once

#include "core/base/result.hpp"

#include <string_view>

namespace core {

/// The pid in the first line of `first_bytes`: blanks may stand around it and nothing else; more
/// than 0, at most INT32_MAX. The message of an error (malformed) is what stands in that line
/// instead, printable and bounded: "" if there is nothing but blanks.
[[nodiscard]] Result<int> parse_pid_file(std::string_view first_bytes);

}  // namespace core
