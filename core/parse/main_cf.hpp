// SPDX-License-Identifier: Apache-2.0
// One parameter of the text of Postfix's main.cf, postconf(5). Nothing is expanded: what a value
// that refers to another parameter comes to is for Postfix to say.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace core {

/// The value that the last entry of that name gives, without the blanks around it; a continued line
/// keeps the blanks it begins with. Absent if there is no such entry, or if its value contains a
/// '$': then it is not known here.
[[nodiscard]] std::optional<std::string> main_cf_value(std::string_view main_cf,
                                                       std::string_view name);

}  // namespace core
