// SPDX-License-Identifier: Apache-2.0
// The processes that listen on a TCP port of this host.
#pragma once

#include "core/base/result.hpp"
#include "core/doctor/facts.hpp"

#include <cstdint>
#include <string>

namespace agent {

/// Reads only /proc, and of each process the link texts of its descriptors. Users other than root
/// find only their own processes. `proc` is the mount point of proc(5). Errors: those of reading
/// /proc/net.
[[nodiscard]] core::Result<core::PortFacts> port_holders(std::uint16_t port,
                                                         const std::string& proc = "/proc");

}  // namespace agent
