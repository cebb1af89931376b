// SPDX-License-Identifier: Apache-2.0
// The text of /proc/net/tcp and /proc/net/tcp6, proc_pid_net(5).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace core {

/// The inodes of the sockets that listen on that port, on any address.
[[nodiscard]] std::vector<std::uint64_t> listeners_on(std::string_view proc_net_tcp,
                                                      std::uint16_t port);

}  // namespace core
