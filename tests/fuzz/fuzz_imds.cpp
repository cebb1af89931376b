// SPDX-License-Identifier: Apache-2.0
// Any bytes as an answer of the metadata service. What comes out is an EC2 instance id or an error
// of one line, and a token can be put into a header line.
#include "agent/clients/imds_response.hpp"
#include "core/model/instance_id.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

constexpr std::uint32_t header_limit = 8 * 1024;
constexpr std::uint64_t body_limit = 16 * 1024;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

// As the reading loop does it: what the parser did not consume is offered again with more behind
// it. A chunked body is offered whole: split in its last chunk it trips an assertion of Beast that
// is itself wrong, and only in builds with assertions (boostorg/beast pull request 2861, later than
// Boost 1.81).
std::optional<agent::ImdsAnswer> parse(std::string_view bytes, std::size_t step) {
    agent::ImdsParser parser(header_limit, body_limit);
    boost::system::error_code error;
    std::size_t consumed = 0;
    for (std::size_t end = 0; end < bytes.size() && !parser.is_done();) {
        end = std::min(end + step, bytes.size());
        while (consumed < end && !parser.is_done()) {
            const std::size_t used =
                parser.put(boost::asio::buffer(bytes.data() + consumed, end - consumed), error);
            consumed += used;
            if (parser.is_header_done() && parser.chunked()) {
                end = bytes.size();
            }
            if (error == boost::beast::http::error::need_more || (!error && used == 0)) {
                error = {};
                break;
            }
            if (error) {
                return std::nullopt;
            }
        }
    }
    if (parser.got_some() && !parser.is_done()) {
        parser.put_eof(error);
    }
    if (error || !parser.is_done()) {
        return std::nullopt;
    }
    return parser.take();
}

void require_one_line(const core::Error& error) {
    require(error.message.find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto answer = parse(bytes.substr(1), std::size_t{data[0]} + 1);
    if (!answer) {
        return 0;
    }
    require(answer->body.size() <= body_limit);

    if (const auto token = agent::token_in(*answer); token) {
        require(!token->empty() && token->find_first_of(" \t\r\n") == std::string::npos);
    } else {
        require_one_line(token.error());
    }
    const auto item = agent::item_in(*answer);
    if (!item) {
        require_one_line(item.error());
        return 0;
    }
    if (const auto id = core::id_from_answer(*item, "the metadata service"); id) {
        require(core::validate_external_id(*id).has_value());
        require(id->find('/') == std::string::npos);
    } else {
        require_one_line(id.error());
    }
    return 0;
}
