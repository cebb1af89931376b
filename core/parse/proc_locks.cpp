// SPDX-License-Identifier: Apache-2.0
#include "core/parse/proc_locks.hpp"

#include "core/base/text_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace core {
namespace {

std::optional<std::uint32_t> parse_hexadecimal(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

struct File {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint64_t inode = 0;
    bool operator==(const File&) const = default;
};

// "00:28:131448"
std::optional<File> parse_file(std::string_view text) {
    const auto major = parse_hexadecimal(take_until(text, ':'));
    const auto minor = parse_hexadecimal(take_until(text, ':'));
    const auto inode = parse_number<std::uint64_t>(text);
    return major && minor && inode ? std::optional(File{*major, *minor, *inode}) : std::nullopt;
}

std::optional<File> file_of(std::string_view device, std::uint64_t inode) {
    const auto major = parse_number<std::uint32_t>(take_until(device, ':'));
    const auto minor = parse_number<std::uint32_t>(device);
    return major && minor ? std::optional(File{*major, *minor, inode}) : std::nullopt;
}

// "1: FLOCK  ADVISORY  WRITE 4904 00:28:131448 0 EOF"; a waiter's has "->" before the kind.
std::optional<std::int32_t> holder_of_line(std::string_view line, const File& wanted) {
    constexpr std::size_t kind = 1;
    constexpr std::size_t pid = 4;
    constexpr std::size_t file = 5;
    std::array<std::string_view, 6> words;
    for (std::string_view& word : words) {
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        word = take_until(line, ' ');
    }
    if (words[kind] == "->" || parse_file(words[file]) != wanted) {
        return std::nullopt;
    }
    const auto number = parse_number<std::int32_t>(words[pid]);
    return number ? std::optional(std::max(*number, 0)) : std::nullopt;
}

}  // namespace

std::vector<std::int32_t> lock_holders(std::string_view locks, std::string_view device,
                                       std::uint64_t inode) {
    std::vector<std::int32_t> holders;
    const auto wanted = file_of(device, inode);
    while (wanted && !locks.empty()) {
        const auto holder = holder_of_line(take_until(locks, '\n'), *wanted);
        if (holder && std::find(holders.begin(), holders.end(), *holder) == holders.end()) {
            holders.push_back(*holder);
        }
    }
    return holders;
}

}  // namespace core
