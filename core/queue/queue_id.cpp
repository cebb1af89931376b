// SPDX-License-Identifier: Apache-2.0
#include "core/queue/queue_id.hpp"

#include "core/base/text_fields.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>

namespace core {
namespace {

/// No vowels, so that an id never spells a word. Base 51 is the same without the last, which
/// separates.
constexpr std::string_view alphabet = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
constexpr std::int64_t base = alphabet.size();
static_assert(base == 52);
constexpr char separator = alphabet.back();

constexpr std::size_t least_second_digits = 6;
constexpr std::size_t microsecond_digits = 4;
constexpr std::int64_t microseconds_in_second = 1'000'000;
/// About ten thousand years. A larger number is no time; its milliseconds could overflow.
constexpr std::int64_t most_seconds = 400'000'000'000;

constexpr int no_digit = -1;
constexpr std::array<int, 256> digits = [] {
    std::array<int, 256> values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
    }
    return values;
}();

int digit(char c) {
    return digits[static_cast<unsigned char>(c)];
}

/// Absent where a character is no digit, or the number is larger than `most`.
std::optional<std::int64_t> number(std::string_view text, std::int64_t most) {
    std::int64_t value = 0;
    for (const char c : text) {
        const int next = digit(c);
        if (next == no_digit) {
            return std::nullopt;
        }
        value = value * base + next;
        if (value > most) {
            return std::nullopt;
        }
    }
    return value;
}

bool is_inode(std::string_view text) {
    for (const char c : text) {
        if (digit(c) == no_digit || c == separator) {
            return false;
        }
    }
    return !text.empty();
}

WallTime at(std::int64_t seconds, std::int64_t microseconds) {
    return WallTime(std::chrono::seconds(seconds) +
                    std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::microseconds(microseconds)));
}

/// "1795346463 161309", the second number perhaps left out.
std::optional<WallTime> arrival_of_record(std::string_view data) {
    const auto seconds = parse_number<std::int64_t>(take_until(data, ' '));
    const auto microseconds = data.empty() ? std::int64_t{0} : parse_number<std::int64_t>(data);
    if (!seconds || !microseconds || *seconds < 0 || *seconds > most_seconds || *microseconds < 0 ||
        *microseconds >= microseconds_in_second) {
        return std::nullopt;
    }
    return at(*seconds, *microseconds);
}

/// Takes a record's length off the front: seven bits in each byte, the lowest first, the last byte
/// without the eighth.
std::optional<std::size_t> take_length(std::string_view& bytes) {
    constexpr unsigned bits = 7;
    constexpr unsigned char more = 0x80;
    std::size_t length = 0;
    for (unsigned shift = 0; !bytes.empty() && shift < std::numeric_limits<std::uint32_t>::digits;
         shift += bits) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        length |= static_cast<std::size_t>(byte & (more - 1U)) << shift;
        if ((byte & more) == 0) {
            return length;
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<WallTime> arrival_of_long_id(std::string_view queue_id) noexcept {
    const std::size_t end = queue_id.rfind(separator);
    if (end == std::string_view::npos || end < least_second_digits + microsecond_digits ||
        !is_inode(queue_id.substr(end + 1))) {
        return std::nullopt;
    }
    const std::size_t second_digits = end - microsecond_digits;
    const auto seconds = number(queue_id.substr(0, second_digits), most_seconds);
    const auto microseconds =
        number(queue_id.substr(second_digits, microsecond_digits), microseconds_in_second - 1);
    if (!seconds || !microseconds) {
        return std::nullopt;
    }
    return at(*seconds, *microseconds);
}

std::optional<WallTime> arrival_of_queue_file(std::string_view first_bytes) noexcept {
    constexpr char arrival = 'T';
    constexpr char content_begins = 'M';  // the message follows, which may hold any bytes
    while (!first_bytes.empty()) {
        const char type = first_bytes.front();
        first_bytes.remove_prefix(1);
        const auto length = take_length(first_bytes);
        if (type == content_begins || !length || *length > first_bytes.size()) {
            return std::nullopt;
        }
        if (type == arrival) {
            return arrival_of_record(first_bytes.substr(0, *length));
        }
        first_bytes.remove_prefix(*length);
    }
    return std::nullopt;
}

}  // namespace core
