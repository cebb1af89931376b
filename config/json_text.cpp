// SPDX-License-Identifier: Apache-2.0
#include "config/json_text.hpp"

#include "core/base/excerpt.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <optional>

namespace config {
namespace {

using nlohmann::json;

constexpr std::size_t nesting_max = 16;

// The library does not report lines. When it reports a key it has read exactly up to the closing
// quote, so the number of bytes that it has read is the position of the key.
class CountingIterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, std::size_t* taken) : at_(at), taken_(taken) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        ++at_;
        ++*taken_;
        return *this;
    }
    CountingIterator operator++(int) {
        CountingIterator before = *this;
        ++*this;
        return before;
    }
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
    bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

   private:
    const char* at_;
    std::size_t* taken_;
};

// Lines are asked for in the order of the text, so each byte is looked at once.
class LineCounter {
   public:
    explicit LineCounter(std::string_view text) : text_(text) {}
    std::size_t line_at(std::size_t offset) {
        offset = std::min(offset, text_.size());
        if (offset > seen_) {
            line_ += static_cast<std::size_t>(
                std::count(text_.begin() + static_cast<std::ptrdiff_t>(seen_),
                           text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
            seen_ = offset;
        }
        return line_;
    }

   private:
    std::string_view text_;
    std::size_t seen_ = 0;
    std::size_t line_ = 1;
};

JsonTextError error_at(std::string_view text, std::size_t offset, std::string message) {
    const std::string_view before = text.substr(0, offset);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    return {lines + 1, before.size() - line_start + 1, std::move(message)};
}

// What the library says, without its name, its own idea of the position and raw bytes of the file.
std::string plain_words(std::string_view message) {
    for (const std::string_view end : {": syntax error ", "] "}) {
        if (const std::size_t at = message.find(end); at != std::string_view::npos) {
            message.remove_prefix(at + end.size());
            break;
        }
    }
    constexpr std::size_t longest = 160;
    std::string words(message.substr(0, longest));
    std::replace_if(
        words.begin(), words.end(),
        [](char byte) {
            return core::has_control_character({&byte, 1}) || byte < 0;
        },
        '?');
    return words;
}

class TreeBuilder : public nlohmann::json_sax<json> {
   public:
    TreeBuilder(std::string_view text, const std::size_t& taken)
        : text_(text), taken_(taken), lines_(text) {}

    [[nodiscard]] JsonNode& root() { return root_; }
    std::optional<JsonTextError> error;

    bool null() override {
        place(JsonNode::Kind::null);
        return true;
    }
    bool boolean(bool value) override {
        place(JsonNode::Kind::boolean).boolean = value;
        return true;
    }
    bool number_integer(number_integer_t value) override {
        place(JsonNode::Kind::integer).integer = value;
        return true;
    }
    bool number_unsigned(number_unsigned_t value) override {
        if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
            place(JsonNode::Kind::other_number);
            return true;
        }
        return number_integer(static_cast<number_integer_t>(value));
    }
    bool number_float(number_float_t /*value*/, const string_t& /*spelling*/) override {
        place(JsonNode::Kind::other_number);
        return true;
    }
    bool string(string_t& value) override {
        place(JsonNode::Kind::string).text = std::move(value);
        return true;
    }
    bool binary(binary_t& /*value*/) override { return false; }  // not in JSON text
    bool start_object(std::size_t /*elements*/) override { return open(JsonNode::Kind::object); }
    bool start_array(std::size_t /*elements*/) override { return open(JsonNode::Kind::list); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& value) override {
        key_ = std::move(value);
        key_line_ = lines_.line_at(taken_);
        return true;
    }
    bool parse_error(std::size_t position, const std::string& /*last*/,
                     const nlohmann::detail::exception& e) override {
        error = error_at(text_, position == 0 ? 0 : position - 1, plain_words(e.what()));
        return false;
    }

   private:
    JsonNode& place(JsonNode::Kind kind) {
        JsonNode* node = &root_;
        if (!open_.empty()) {
            node = &open_.back()->members.emplace_back();
            if (open_.back()->kind == JsonNode::Kind::object) {
                node->key = std::move(key_);
                node->line = key_line_;
            } else {
                node->line = open_.back()->line;
            }
        }
        node->kind = kind;
        return *node;
    }
    // Pointers into `members` stay good: only the innermost open node grows.
    bool open(JsonNode::Kind kind) {
        if (open_.size() == nesting_max) {
            error = error_at(text_, taken_ == 0 ? 0 : taken_ - 1,
                             "nested more than " + std::to_string(nesting_max) + " levels deep");
            return false;
        }
        open_.push_back(&place(kind));
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    std::string_view text_;
    const std::size_t& taken_;
    LineCounter lines_;
    JsonNode root_;
    std::vector<JsonNode*> open_;
    std::string key_;
    std::size_t key_line_ = 1;
};

constexpr std::array kind_words{
    std::string_view{"null"},           std::string_view{"a boolean"},
    std::string_view{"a whole number"}, std::string_view{"a number that is not whole or too large"},
    std::string_view{"a string"},       std::string_view{"a list"},
    std::string_view{"an object"},
};

}  // namespace

std::string_view in_words(JsonNode::Kind kind) noexcept {
    return kind_words[static_cast<std::size_t>(kind)];
}

boost::system::result<JsonNode, JsonTextError> parse_json(std::string_view text) {
    std::size_t taken = 0;
    TreeBuilder builder(text, taken);
    const CountingIterator begin(text.data(), &taken);
    const CountingIterator end(text.data() + text.size(), &taken);
    constexpr bool strict = true;
    constexpr bool ignore_comments = true;
    if (!json::sax_parse(begin, end, &builder, nlohmann::detail::input_format_t::json, strict,
                         ignore_comments)) {
        return std::move(*builder.error);
    }
    return std::move(builder.root());
}

std::string json_quoted(std::string_view text) {
    return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

bool is_utf8(std::string_view text) {
    // What is not UTF-8 is dropped here, so that only a text that is comes back whole.
    return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::ignore))
               .get_ref<const std::string&>() == text;
}

}  // namespace config
