// SPDX-License-Identifier: Apache-2.0
// What the instance metadata service says, apart from how the bytes come: the bounds of an answer,
// what its status means, and what may be a token.
#pragma once

#include "core/base/result.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <string>

namespace agent {

struct ImdsAnswer {
    unsigned status = 0;
    std::string body;
};

/// Reads one answer; header_limit and body_limit are errors of Beast.
class ImdsParser : public boost::beast::http::response_parser<boost::beast::http::string_body> {
   public:
    ImdsParser(std::uint32_t header_bytes, std::uint64_t body_bytes);

    /// Once is_done().
    [[nodiscard]] ImdsAnswer take();
};

/// The body of a 200. Errors by status: malformed (400, and what no metadata service says), denied
/// (401, 403), missing (404), unavailable (429, 5xx).
[[nodiscard]] core::Result<std::string> item_in(ImdsAnswer answer);

/// Likewise; a token is also malformed if it could not stand in a header line: 1 to 1024 printable
/// bytes, no space.
[[nodiscard]] core::Result<std::string> token_in(ImdsAnswer answer);

}  // namespace agent
