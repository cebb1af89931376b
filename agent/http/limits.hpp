// SPDX-License-Identifier: Apache-2.0
// The limits of the HTTP server. Each has a test that exceeds it (tests/unit/agent/http).
#pragma once

#include <chrono>
#include <cstddef>

namespace agent {

struct HttpLimits {
    /// At either limit a new connection is accepted, and another is closed: of the source with the
    /// most connections, one that has its last answer, or else the one that has gone longest
    /// without an answered request. Why: otherwise other clients could lock out the health
    /// checkers, and the load balancer would replace the instance. A health checker has few
    /// connections and sends its request at once, and is answered as soon as it is accepted, so
    /// that it has never waited longest. But a whole burst is accepted in one turn, and until the
    /// next no end of a connection is seen: those that have their answer go first, so that one
    /// whose request arrives a moment after its connection is not closed for their sake.
    std::size_t connections = 512;

    /// A source is the TCP peer's IPv4 address, or the /64 network of its IPv6 address, because
    /// one host may use each address of its network. The setting listen.connections_per_source.
    std::size_t connections_per_source = 64;

    /// The answer to the last request of a connection has "Connection: close". Why: as in nginx,
    /// no connection lasts for ever.
    std::size_t requests = 1000;

    /// Connections that are accepted before those accepted earlier have their next turn. Why: the
    /// kernel's queue is first in, first out, so that a health check waits for all before it.
    std::size_t accepts_in_a_turn = 256;

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
