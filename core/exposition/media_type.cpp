// SPDX-License-Identifier: Apache-2.0
#include "core/exposition/media_type.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace core {
namespace {

constexpr int full_weight = 1000;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view text, std::string_view lower_case) {
    return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return lower(a) == b; });
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    const std::size_t first = std::min(text.find_first_not_of(blanks), text.size());
    text.remove_prefix(first);
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Removes from `text` all up to the first `separator` outside quotation marks, and returns what
/// was before it, trimmed.
std::string_view take_until(std::string_view& text, char separator) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < text.size() && (quoted || text[end] != separator); ++end) {
        if (text[end] == '"') {
            quoted = !quoted;
        } else if (quoted && text[end] == '\\') {
            ++end;
        }
    }
    end = std::min(end, text.size());
    const std::string_view taken = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return taken;
}

std::string_view unquoted(std::string_view value) {
    const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return quoted ? value.substr(1, value.size() - 2) : value;
}

/// "0.25" is 250. Digits after the third are ignored; ".25", which some clients send, is accepted.
std::optional<int> parse_weight(std::string_view text) {
    if (text.empty() || text == "." ||
        text.find_first_not_of("0123456789.") != std::string_view::npos) {
        return std::nullopt;
    }
    const std::size_t dot = std::min(text.find('.'), text.size());
    const std::string_view whole = text.substr(0, dot);
    if (whole.size() > 1 || (!whole.empty() && whole != "0" && whole != "1")) {
        return std::nullopt;
    }
    int weight = whole == "1" ? full_weight : 0;
    int place = full_weight / 10;
    for (const char c : text.substr(std::min(dot + 1, text.size()))) {
        if (c == '.') {
            return std::nullopt;
        }
        weight += (c - '0') * place;
        place /= 10;
    }
    return weight <= full_weight ? std::optional(weight) : std::nullopt;
}

/// One element of a list: a name, then parameters; `q` is the weight and ends them.
class Element {
   public:
    explicit Element(std::string_view text) : name_(take_until(text, ';')), parameters_(text) {}

    [[nodiscard]] std::string_view name() const { return name_; }

    /// Calls `visit(name, value)` for each parameter before the weight, until it returns false.
    /// Returns the weight; nothing if `visit` returned false or the weight is malformed.
    template <class Visit>
    [[nodiscard]] std::optional<int> read(Visit visit) const {
        std::string_view rest = parameters_;
        while (!rest.empty()) {
            std::string_view parameter = take_until(rest, ';');
            if (parameter.empty()) {
                continue;
            }
            const std::string_view name = take_until(parameter, '=');
            const std::string_view value = unquoted(trimmed(parameter));
            if (equal_ignoring_case(name, "q")) {
                return parse_weight(value);
            }
            if (!visit(name, value)) {
                return std::nullopt;
            }
        }
        return full_weight;
    }

   private:
    std::string_view name_;
    std::string_view parameters_;
};

/// How precisely `range` names the type without its parameters; 0: not at all.
int range_precision(std::string_view range, const MediaType& offered) {
    std::string_view subtype = range;
    const std::string_view type = take_until(subtype, '/');
    if (type == "*") {
        return subtype == "*" ? 1 : 0;
    }
    if (!equal_ignoring_case(type, offered.type)) {
        return 0;
    }
    if (subtype == "*") {
        return 2;
    }
    return equal_ignoring_case(subtype, offered.subtype) ? 3 : 0;
}

/// How precisely `element` of Accept-Encoding names `coding`; 0: not at all.
int coding_precision(std::string_view element, std::string_view coding) {
    if (element == "*") {
        return 1;
    }
    return equal_ignoring_case(element, coding) ? 2 : 0;
}

bool has_parameter(const MediaType& offered, std::string_view name, std::string_view value) {
    return std::any_of(offered.parameters.begin(), offered.parameters.end(),
                       [name, value](const MediaParameter& own) {
                           return equal_ignoring_case(name, own.name) &&
                                  (own.value.empty() || equal_ignoring_case(value, own.value));
                       });
}

/// The more precise of two that name the same thing; of equally precise ones, the greater weight.
Preference closer(const Preference& a, const Preference& b) {
    return std::max(a, b, [](const Preference& one, const Preference& other) {
        return std::tie(one.precision, one.weight) < std::tie(other.precision, other.weight);
    });
}

}  // namespace

Preference media_preference(std::string_view accept, const MediaType& offered) {
    if (trimmed(accept).empty()) {
        return {full_weight, 0};
    }
    Preference found;
    while (!accept.empty()) {
        const Element element(take_until(accept, ','));
        int precision = range_precision(element.name(), offered);
        if (precision == 0) {
            continue;
        }
        const auto weight = element.read([&](std::string_view name, std::string_view value) {
            ++precision;
            return has_parameter(offered, name, value);
        });
        if (weight) {
            found = closer(found, {*weight, precision});
        }
    }
    return found;
}

Preference coding_preference(std::string_view accept_encoding, std::string_view coding) {
    Preference found;
    while (!accept_encoding.empty()) {
        const Element element(take_until(accept_encoding, ','));
        const int precision = coding_precision(element.name(), coding);
        if (precision == 0) {
            continue;
        }
        if (const auto weight =
                element.read([](std::string_view, std::string_view) { return true; })) {
            found = closer(found, {*weight, precision});
        }
    }
    return found;
}

bool wants_gzip(std::string_view accept_encoding) {
    // RFC 9110, 8.4.1.3: "x-gzip" is the same as "gzip".
    const Preference gzip = closer(coding_preference(accept_encoding, "gzip"),
                                   coding_preference(accept_encoding, "x-gzip"));
    const Preference plain = coding_preference(accept_encoding, "identity");
    if (gzip.precision == 0) {
        return plain.precision > 0 && plain.weight == 0;
    }
    return gzip.weight > 0 && (plain.precision == 0 || gzip.weight >= plain.weight);
}

}  // namespace core
