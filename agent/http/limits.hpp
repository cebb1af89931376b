// SPDX-License-Identifier: Apache-2.0
// The limits of the HTTP server. Each has a test that exceeds it (tests/unit/agent/http).
#pragma once

#include <chrono>
#include <cstddef>

namespace agent {

struct HttpLimits {
    /// At the limit a new connection is accepted, and the one that has gone longest without an
    /// answered request is closed. Why: otherwise silent clients could lock out the health
    /// checkers, and the load balancer would replace the instance. A health checker sends its
    /// request at once and is answered in the same turn of the loop, so it has never waited
    /// longest.
    std::size_t connections = 512;

    /// Request line and fields together; more is 431.
    std::size_t header_bytes = 8192;

    /// From the connection, or from the first byte of a later request, to the header's end. Then
    /// 408 if anything was received, else closed without an answer.
    std::chrono::milliseconds header_time{5'000};

    /// Between requests on one connection. Longer than the 60 s of load balancers, so that the
    /// client closes an idle connection first and no request is lost in a race.
    std::chrono::milliseconds idle_time{65'000};

    /// For a client to receive one whole answer; then closed.
    std::chrono::milliseconds write_time{10'000};

    /// After the last answer, for the client to close its side; its bytes are discarded. Why: to
    /// close with unread bytes resets the connection, and the reset can overtake the answer.
    std::chrono::milliseconds linger_time{2'000};

    /// The pause of accepting after descriptors or memory ran out.
    std::chrono::milliseconds accept_pause{100};
};

}  // namespace agent
