// SPDX-License-Identifier: Apache-2.0
// Who listens on a TCP port of this host.
#pragma once

#include "core/base/result.hpp"
#include "core/doctor/facts.hpp"

#include <cstdint>
#include <string>

namespace agent {

/// From /proc alone; of each process the link texts of its descriptors are read. Whoever is not
/// root is told only of his own processes. `proc` is where proc(5) is mounted. Errors: those of
/// reading /proc/net.
[[nodiscard]] core::Result<core::PortFacts> port_holders(std::uint16_t port,
                                                         const std::string& proc = "/proc");

}  // namespace agent
