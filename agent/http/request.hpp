// SPDX-License-Identifier: Apache-2.0
// Bytes to a request: the request line, what of the fields decides about the connection, and what a
// client says it can read. Nothing else of a request is looked at, kept or allocated; a body is not
// read. Sans-I/O.
#pragma once

#include <cstddef>
#include <string_view>

namespace agent {

enum class HttpMethod { get, head, other };

struct HttpRequest {
    HttpMethod method = HttpMethod::get;
    std::string_view target;  ///< as received; into the bytes that were parsed
    bool keep_alive =
        false;  ///< by version, Connection, and whether a body follows that nobody will read

    /// The values of these fields as received, into the bytes that were parsed; "" where there is
    /// no such field. Of several fields of one name, the first. A value that is folded over lines
    /// counts as empty.
    std::string_view accept{};
    std::string_view accept_encoding{};
};

enum class ParseState { incomplete, complete, malformed, too_large };

struct ParseResult {
    ParseState state = ParseState::incomplete;
    std::size_t consumed = 0;  ///< bytes of the header, when complete
    HttpRequest request;       ///< when complete
};

/// Looks for one whole header at the front of `bytes`. `scanned` is the caller's, 0 for each new
/// request: how far earlier calls have looked for its end. Empty lines before the request line are
/// skipped (RFC 9112, 2.2). What can be no request is malformed at once, without waiting for its
/// end: a first byte that begins no method (as in a TLS ClientHello), or a line that ends in a bare
/// LF.
[[nodiscard]] ParseResult parse_request(std::string_view bytes, std::size_t& scanned,
                                        std::size_t limit);

}  // namespace agent
