// SPDX-License-Identifier: Apache-2.0
// The header of the PROXY protocol, version 1 or 2, at the start of a connection. A network load
// balancer whose target group has it enabled sends it with its health checks too. It is skipped: no
// decision depends on the addresses in it, because any client may send any. No I/O.
// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt
#pragma once

#include "agent/http/request.hpp"

#include <cstddef>
#include <string_view>

namespace agent {

/// Bytes of the longest header that is skipped: version 2 with 4 KiB of addresses and TLVs.
/// Version 1 has at most 107 bytes.
inline constexpr std::size_t proxy_header_limit = 16 + 4096;

struct ProxyHeader {
    /// complete also if the bytes begin with no such header; never too_large.
    ParseState state = ParseState::complete;
    std::size_t size = 0;  ///< when complete; 0: there is none
};

/// Looks at all bytes that a connection has received so far. malformed_proxy: a header that the
/// protocol does not allow, or that is too long.
[[nodiscard]] ProxyHeader parse_proxy_header(std::string_view received);

}  // namespace agent
