// SPDX-License-Identifier: Apache-2.0
// The key that an unknown key was probably meant to be. Internal to config.
#pragma once

#include <string>
#include <string_view>

namespace config {

/// The key or section most like the unknown `path`, by the whole path or by its last part (a right
/// name in the wrong section); "" where nothing is near.
[[nodiscard]] std::string nearest_key(std::string_view path);

}  // namespace config
