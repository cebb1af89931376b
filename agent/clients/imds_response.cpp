// SPDX-License-Identifier: Apache-2.0
#include "agent/clients/imds_response.hpp"

#include "core/base/excerpt.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace agent {
namespace {

using core::Errc;
using core::Error;

constexpr std::size_t longest_token = 1024;

struct Meaning {
    unsigned status;
    Errc code;
    const char* text;
};

constexpr std::array meanings{
    Meaning{400, Errc::malformed, "the request was found invalid"},
    Meaning{401, Errc::denied, "a new session token was refused as well"},
    Meaning{403, Errc::denied,
            "access is forbidden; switch the metadata service on (HttpEndpoint) for this instance"},
    Meaning{404, Errc::missing, "there is no such item"},
    Meaning{429, Errc::unavailable, "too many requests"},
};

Error status_error(unsigned status) {
    const std::string prefix = "HTTP " + std::to_string(status) + ": ";
    if (const auto* known = std::ranges::find(meanings, status, &Meaning::status);
        known != meanings.end()) {
        return {known->code, prefix + known->text};
    }
    if (status >= 500) {
        return {Errc::unavailable, prefix + "the metadata service cannot answer now"};
    }
    return {Errc::malformed, prefix + "not an answer of a metadata service"};
}

bool is_token(std::string_view text) {
    const auto allowed = [](char c) { return c > ' ' && c <= '~'; };
    return !text.empty() && text.size() <= longest_token && std::ranges::all_of(text, allowed);
}

}  // namespace

ImdsParser::ImdsParser(std::uint32_t header_bytes, std::uint64_t body_bytes) {
    header_limit(header_bytes);
    body_limit(body_bytes);
}

ImdsAnswer ImdsParser::take() {
    return {get().result_int(), std::move(get().body())};
}

core::Result<std::string> item_in(ImdsAnswer answer) {
    if (answer.status != 200) {
        return status_error(answer.status);
    }
    return std::move(answer.body);
}

core::Result<std::string> token_in(ImdsAnswer answer) {
    auto token = item_in(std::move(answer));
    if (token && !is_token(*token)) {
        return Error{Errc::malformed, "not a token: " + core::excerpt(*token)};
    }
    return token;
}

}  // namespace agent
