// SPDX-License-Identifier: Apache-2.0
// What stands at the place of the queue link. Never follows it: its target may be on a mount that
// hangs.
#pragma once

#include "core/model/facts.hpp"

#include <string>

namespace agent {

[[nodiscard]] core::LinkFacts observe_link(const std::string& path);

}  // namespace agent
