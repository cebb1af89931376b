// SPDX-License-Identifier: Apache-2.0
#include "core/base/printable.hpp"

#include <algorithm>

namespace core {

std::string printable(std::string_view text, std::size_t max) {
    std::string result(text.substr(0, max));
    std::replace_if(
        result.begin(), result.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    if (text.size() > max) {
        result += "...";
    }
    return result;
}

}  // namespace core
