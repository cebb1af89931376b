// SPDX-License-Identifier: Apache-2.0
// One parameter of the text of Postfix's main.cf, postconf(5). Nothing is expanded:
// only Postfix knows the value of a reference to another parameter.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace core {

/// The value of the last entry of that name, without the blanks around it; a continued line keeps
/// its leading blanks. Absent if there is no such entry, or if its value contains a '$'.
[[nodiscard]] std::optional<std::string> main_cf_value(std::string_view main_cf,
                                                       std::string_view name);

}  // namespace core
