// SPDX-License-Identifier: Apache-2.0
// Every bound that the HTTP side keeps, in one place. Each has a test that trips it
// (tests/unit/agent/http_*_test.cpp).
#pragma once

#include <chrono>
#include <cstddef>

namespace agent {

struct HttpLimits {
    /// At the limit a new connection is accepted and the one that has gone longest without an
    /// answered request is closed. To refuse the new one would let strangers who connect and then
    /// say nothing lock out the health checkers, and an instance that cannot be asked is an
    /// instance that gets replaced. A checker asks at once and is answered in the same turn of the
    /// loop, so it is never the one that has waited longest.
    std::size_t connections = 512;

    /// Request line and fields together; more is 431.
    std::size_t header_bytes = 8192;

    /// From the connection, or from the first byte of a later request, to the header's end. Then
    /// 408 if anything was received, else closed without a word.
    std::chrono::milliseconds header_time{5'000};

    /// Between requests on one connection. Longer than the 60 s for which load balancers keep
    /// theirs, so that it is the client who ends an idle connection and no request is ever lost to
    /// the race.
    std::chrono::milliseconds idle_time{65'000};

    /// For a client to take one whole answer; then closed.
    std::chrono::milliseconds write_time{10'000};

    /// After the last answer: for the client to end its side too, while what it still sends is
    /// thrown away (closing over unread bytes resets the connection, and the reset can overtake the
    /// answer).
    std::chrono::milliseconds linger_time{2'000};

    /// How long not to accept after running out of descriptors or memory.
    std::chrono::milliseconds accept_pause{100};
};

}  // namespace agent
