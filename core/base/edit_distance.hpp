// SPDX-License-Identifier: Apache-2.0
// What a mistyped word was probably meant to be.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace core {

/// The number of bytes to insert, drop or replace to turn `a` into `b` (Levenshtein).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The most edits in a word of `size` bytes that still count as a typing error: two, or a third.
[[nodiscard]] std::size_t typing_errors(std::size_t size);

/// Returns the word of `known` that is most like `word`; "" if none is.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> known);

}  // namespace core
