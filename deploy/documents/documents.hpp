// SPDX-License-Identifier: Apache-2.0
// The documents that are made from the program's own tables when it is built, so that they cannot
// differ from it. A document is one function here, one row in main.cpp and one line in
// deploy/CMakeLists.txt.
#pragma once

#include <string>

namespace documents {

/// The journal's message catalog: for each MESSAGE_ID its meaning and what to do.
[[nodiscard]] std::string catalog();

/// The reasons and their remedies, check by check, for postfix-elb-agent-reasons(7).
[[nodiscard]] std::string reasons();

/// The settings, for postfix-elb-agent.json(5).
[[nodiscard]] std::string settings();

}  // namespace documents
