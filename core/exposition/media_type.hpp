// SPDX-License-Identifier: Apache-2.0
// What a client says it can read: the values of Accept and Accept-Encoding (RFC 9110, 12.4
// and 12.5). Elements that are not of their form are passed over. No I/O, nothing is allocated; the
// work is linear in the value's length.
#pragma once

#include <span>
#include <string_view>
#include <tuple>

namespace core {

/// How much a client wants something: first by the weight that it gave, then by how precisely it
/// named it.
struct Preference {
    int weight = 0;  ///< thousandths, 0 to 1000; 0: not acceptable
    int precision =
        0;  ///< 0: not named at all; 1: by a wildcard for all; more: the more of it was named
    bool operator==(const Preference&) const = default;
    friend bool operator<(const Preference& a, const Preference& b) {
        return std::tie(a.weight, a.precision) < std::tie(b.weight, b.precision);
    }
    friend bool operator>(const Preference& a, const Preference& b) { return b < a; }
};

struct MediaParameter {
    std::string_view name;   ///< in lower case
    std::string_view value;  ///< "": whatever the client says of it, it may have this
};

/// What could be sent. All names in lower case.
struct MediaType {
    std::string_view type;
    std::string_view subtype;
    std::span<const MediaParameter> parameters;
};

/// Of the ranges in `accept` that `offered` is in, the most precise tells. A range with a parameter
/// that the offer does not have is another type. An empty value, as of a field that is absent,
/// names nothing and refuses nothing: weight 1000.
[[nodiscard]] Preference media_preference(std::string_view accept, const MediaType& offered);

/// `coding` in lower case. A coding that is not named has weight 0, also where the value is empty.
[[nodiscard]] Preference coding_preference(std::string_view accept_encoding,
                                           std::string_view coding);

/// Whether to compress: the client takes gzip and does not like plain bytes better, or it does not
/// take plain bytes and says nothing against gzip.
[[nodiscard]] bool wants_gzip(std::string_view accept_encoding);

}  // namespace core
