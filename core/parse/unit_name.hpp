// SPDX-License-Identifier: Apache-2.0
// The name of the unit of a path, systemd.unit(5), "String Escaping for Inclusion in Unit
// Names".
#pragma once

#include <string>
#include <string_view>

namespace core {

/// "/Mail" is "Mail.mount", "/srv/my-mail" is "srv-my\x2dmail.mount", "/" is "-.mount". `path` is
/// absolute.
[[nodiscard]] std::string mount_unit_name(std::string_view path);

}  // namespace core
