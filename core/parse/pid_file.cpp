// SPDX-License-Identifier: Apache-2.0
#include "core/parse/pid_file.hpp"

#include "core/base/printable.hpp"
#include "core/base/text_fields.hpp"

#include <cstdint>

namespace core {
namespace {

constexpr std::size_t excerpt_bytes = 48;
constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

Result<int> parse_pid_file(std::string_view first_bytes) {
    const std::string_view text = trimmed(take_until(first_bytes, '\n'));
    const auto pid = parse_number<std::int32_t>(text);
    if (!pid || *pid <= 0) {
        return Error{Errc::malformed, printable(text, excerpt_bytes)};
    }
    return *pid;
}

}  // namespace core
