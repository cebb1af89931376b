// SPDX-License-Identifier: Apache-2.0
// Binds the listening sockets. The supervisor binds while it may use any port; the server accepts
// later (agent/http/listener.hpp). The list of sockets is in agent/supervisor/listeners.hpp.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <string>

namespace agent {

/// Returns a TCP socket bound to an IP literal and a port (0: any free one), non-blocking,
/// close-on-exec, with SO_REUSEADDR, not yet listening. "::" means both families, or "0.0.0.0" on a
/// host without IPv6; any other IPv6 address means IPv6 alone. Errors name the address, the port
/// and the remedy.
[[nodiscard]] core::Result<FileDescriptor> bind_listener(const std::string& address,
                                                         std::uint16_t port);

/// Listens, unless the socket listens already. Why: a socket of the service manager keeps the
/// backlog of its unit.
[[nodiscard]] core::Result<void> listen_on(int bound);

/// "[::]:8025": the address and the port to which the socket is bound.
[[nodiscard]] std::string name_of(int bound);

}  // namespace agent
