// SPDX-License-Identifier: Apache-2.0
// JSON with comments, read into a small tree that has the line of each key and keeps duplicate
// keys, which the tree of the JSON library does not. Internal to config. Limits: nesting to 16
// levels; of fractions only the kind is kept.
#pragma once

#include "core/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace config {

struct JsonNode {
    enum class Kind { null, boolean, integer, other_number, string, list, object };

    Kind kind = Kind::null;
    std::size_t line = 1;           ///< of the key, or of the value where there is no key
    std::int64_t integer = 0;       ///< of an integer
    bool boolean = false;           ///< of a boolean
    std::string text;               ///< of a string
    std::string key;                ///< its name in an object
    std::vector<JsonNode> members;  ///< of a list or an object, in the order of the text
};

/// "a string", "a list", ...: for messages.
[[nodiscard]] std::string_view in_words(JsonNode::Kind kind) noexcept;

struct JsonTextError {
    std::size_t line = 1;
    std::size_t column = 1;  ///< in bytes, from 1
    std::string message;     ///< one line
};

[[nodiscard]] boost::system::result<JsonNode, JsonTextError> parse_json(std::string_view text);

/// `text` as a JSON string, quotes included. `text` must be UTF-8.
[[nodiscard]] std::string json_quoted(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace config
