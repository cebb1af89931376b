// SPDX-License-Identifier: Apache-2.0
// Parses Accept and Accept-Encoding (RFC 9110, 12.4 and 12.5): what a client can read. Malformed
// elements are skipped. No I/O and no allocation; the work is linear in the value's length.
#pragma once

#include <span>
#include <string_view>
#include <tuple>

namespace core {

/// How much a client prefers something: first by its weight, then by how precisely the client named
/// it.
struct Preference {
    int weight = 0;     ///< thousandths, 0 to 1000; 0: not acceptable
    int precision = 0;  ///< 0: not named; 1: by a wildcard for all; more: the more precisely
    bool operator==(const Preference&) const = default;
    friend bool operator<(const Preference& a, const Preference& b) {
        return std::tie(a.weight, a.precision) < std::tie(b.weight, b.precision);
    }
    friend bool operator>(const Preference& a, const Preference& b) { return b < a; }
};

struct MediaParameter {
    std::string_view name;   ///< in lower case
    std::string_view value;  ///< "": any value that the client sends matches
};

/// A type that can be sent. All names in lower case.
struct MediaType {
    std::string_view type;
    std::string_view subtype;
    std::span<const MediaParameter> parameters;
};

/// The preference of the most precise range in `accept` that contains `offered`. A range with a
/// parameter that the offer lacks is another type. An empty value, as of an absent field, accepts
/// all: weight 1000.
[[nodiscard]] Preference media_preference(std::string_view accept, const MediaType& offered);

/// `coding` in lower case. A coding that is not named has weight 0, also in an empty value.
[[nodiscard]] Preference coding_preference(std::string_view accept_encoding,
                                           std::string_view coding);

/// Whether to compress: the client accepts gzip and does not prefer plain bytes, or it refuses
/// plain bytes and does not refuse gzip.
[[nodiscard]] bool wants_gzip(std::string_view accept_encoding);

}  // namespace core
