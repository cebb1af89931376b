// SPDX-License-Identifier: Apache-2.0
// MESSAGE_ID of the journal entries that report a verdict. The journal's catalog
// (deploy/documents/catalog.cpp) explains each id to "journalctl -x".
//
// An id never changes: it is the UUID version 5 of "<check>/<reason>" in a fixed namespace. It is
// therefore not a column that each new reason would have to fill.
#pragma once

#include "core/checks/reason.hpp"

#include <string>

namespace agent {

/// Returns 32 hexadecimal digits. Reason::none: the id of a verdict in which every check passes,
/// whatever `check` is.
[[nodiscard]] std::string message_id(core::Check check, core::Reason reason);

}  // namespace agent
