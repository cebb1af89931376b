// SPDX-License-Identifier: Apache-2.0
#include "core/model/instance_id.hpp"

#include "core/base/excerpt.hpp"

#include <algorithm>

namespace core {
namespace {

constexpr std::string_view external_prefix = "i-";
constexpr std::size_t external_digits_min = 8;
constexpr std::size_t external_digits_max = 17;
constexpr std::size_t literal_max = 255;  // NAME_MAX

constexpr std::string_view external_form = "an instance id is i- and 8 to 17 of 0-9a-f";
constexpr std::string_view literal_form =
    "an instance id is a single path component: 1 to 255 bytes, no slash, no control characters, "
    "no dot at its start";

bool is_external(std::string_view id) {
    if (!id.starts_with(external_prefix)) {
        return false;
    }
    const std::string_view digits = id.substr(external_prefix.size());
    return digits.size() >= external_digits_min && digits.size() <= external_digits_max &&
           digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view without_line_end(std::string_view body) {
    if (body.ends_with('\n')) {
        body.remove_suffix(1);
        if (body.ends_with('\r')) {
            body.remove_suffix(1);
        }
    }
    return body;
}

bool is_page(std::string_view body) {
    const std::size_t start = body.find_first_not_of(" \t\r\n\xef\xbb\xbf");
    return start != std::string_view::npos && body[start] == '<';
}

std::string_view what_instead_of_an_id(std::string_view body) {
    if (body.empty()) {
        return "an empty answer";
    }
    if (is_page(body)) {
        return "an HTML or XML page";
    }
    if (body == "." || body == ".." || body.find('/') != std::string_view::npos) {
        return "a path";
    }
    if (body.size() > external_prefix.size() + external_digits_max) {
        return "too many bytes";
    }
    return "something else";
}

Error malformed(std::string message, std::string_view form) {
    message.append("; ").append(form);
    return {Errc::malformed, std::move(message)};
}

}  // namespace

Result<void> validate_external_id(std::string_view id) {
    if (!is_external(id)) {
        return malformed(excerpt(id) + " is not an instance id", external_form);
    }
    return {};
}

Result<void> validate_literal_id(std::string_view id) {
    std::string_view why;
    if (id.empty()) {
        why = " is empty";
    } else if (id.size() > literal_max) {
        why = " is too long";
    } else if (id.find('/') != std::string_view::npos) {
        why = " has a slash";
    } else if (id.starts_with('.')) {
        why = " begins with a dot";
    } else if (has_control_character(id)) {
        why = " has a control character";
    } else {
        return {};
    }
    return malformed(excerpt(id).append(why), literal_form);
}

Result<std::string> id_from_answer(std::string_view body, std::string_view source) {
    const std::string_view id = without_line_end(body);
    if (is_external(id)) {
        return std::string(id);
    }
    std::string message(source);
    message.append(" gave ").append(what_instead_of_an_id(id)).append(" instead of an instance id");
    if (!id.empty()) {
        message.append(": ").append(excerpt(id));
    }
    return malformed(std::move(message), external_form);
}

}  // namespace core
