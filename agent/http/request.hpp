// SPDX-License-Identifier: Apache-2.0
// Parses the bytes of a request: the request line, the fields that decide about the connection, and
// those that name the formats a client accepts. All else is ignored and nothing is allocated for
// it; a body is not read. No I/O.
#pragma once

#include <cstddef>
#include <string_view>

namespace agent {

enum class HttpMethod { get, head, other };

struct HttpRequest {
    HttpMethod method = HttpMethod::get;
    std::string_view target;  ///< as received; into the bytes that were parsed
    bool keep_alive = false;  ///< by version and Connection; false if a body follows

    /// The values of these fields as received, into the bytes that were parsed; "" if absent. The
    /// first of several fields of one name counts. A value that is folded over lines counts as
    /// empty.
    std::string_view accept{};
    std::string_view accept_encoding{};
};

/// malformed_proxy: of the header before the first request (agent/http/proxy_header.hpp).
enum class ParseState { incomplete, complete, malformed, malformed_proxy, too_large };

struct ParseResult {
    ParseState state = ParseState::incomplete;
    std::size_t consumed = 0;  ///< bytes of the header, when complete
    HttpRequest request;       ///< when complete
};

/// Parses one whole header at the front of `bytes`. The caller keeps `scanned`, the number of bytes
/// that earlier calls have searched for its end, and sets it to 0 for each new request. Empty lines
/// before the request line are skipped (RFC 9112, 2.2). Malformed at once, before the end: a first
/// byte that begins no method (as in a TLS ClientHello), and a line that ends in a bare LF.
[[nodiscard]] ParseResult parse_request(std::string_view bytes, std::size_t& scanned,
                                        std::size_t limit);

}  // namespace agent
