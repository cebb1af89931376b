// SPDX-License-Identifier: Apache-2.0
// Text as source of a manual page: mdoc(7), free of warnings of mandoc -T lint.
#pragma once

#include <string>
#include <string_view>

namespace documents::mdoc {

/// Returns the bytes of a line that a terminal shows unchanged, and that can be copied into a
/// shell.
[[nodiscard]] std::string literal(std::string_view text);

/// Returns sentences as filled text, a sentence a line. `code` in backquotes becomes bold.
[[nodiscard]] std::string paragraph(std::string_view markdown);

}  // namespace documents::mdoc
