// SPDX-License-Identifier: Apache-2.0
// Reads the object at the path of the queue link. Never follows it: its target may be on a hung
// mount.
#pragma once

#include "core/model/facts.hpp"

#include <string>

namespace agent {

[[nodiscard]] core::LinkFacts observe_link(const std::string& path);

}  // namespace agent
