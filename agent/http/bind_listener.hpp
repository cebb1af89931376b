// SPDX-License-Identifier: Apache-2.0
// The listening socket's address is taken while the process may still take any port; connections
// are accepted later, in the process that answers (agent/http/listener.hpp). Which sockets there
// are: agent/supervisor/listeners.hpp.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <string>

namespace agent {

/// A TCP socket bound to an IP literal and a port (0: any free one), non-blocking, close-on-exec,
/// SO_REUSEADDR; not yet listening. "::" takes both families, and is taken as "0.0.0.0" on a host
/// without IPv6; any other IPv6 address is IPv6 alone. Errors name the address, the port and what
/// to do.
[[nodiscard]] core::Result<FileDescriptor> bind_listener(const std::string& address,
                                                         std::uint16_t port);

/// Listens, unless it does already: a socket that the service manager opened keeps the backlog that
/// its unit gives it.
[[nodiscard]] core::Result<void> listen_on(int bound);

/// "[::]:8025": where the socket is bound, with the port that the system chose where 0 was asked
/// for.
[[nodiscard]] std::string name_of(int bound);

}  // namespace agent
