// SPDX-License-Identifier: Apache-2.0
#include "core/parse/tcp_listeners.hpp"

#include "core/base/text_fields.hpp"

#include <charconv>
#include <string>

namespace core {
namespace {

constexpr std::size_t local_address = 1;
constexpr std::size_t state = 3;
constexpr std::size_t inode = 9;
constexpr std::string_view listening = "0A";

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        if (const std::string_view word = take_until(line, ' '); !word.empty()) {
            words.push_back(word);
        }
    }
    return words;
}

// "00000000:1F59"
bool is_on_port(std::string_view address, std::uint16_t port) {
    take_until(address, ':');
    std::uint16_t number = 0;
    const auto [end, error] =
        std::from_chars(address.data(), address.data() + address.size(), number, 16);
    return error == std::errc{} && end == address.data() + address.size() && number == port;
}

}  // namespace

std::vector<std::uint64_t> listeners_on(std::string_view text, std::uint16_t port) {
    std::vector<std::uint64_t> found;
    while (!text.empty()) {
        const std::vector<std::string_view> words = words_of(take_until(text, '\n'));
        if (words.size() <= inode || words[state] != listening ||
            !is_on_port(words[local_address], port)) {
            continue;
        }
        if (const auto number = parse_number<std::uint64_t>(words[inode])) {
            found.push_back(*number);
        }
    }
    return found;
}

}  // namespace core
