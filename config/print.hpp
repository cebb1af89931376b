// SPDX-License-Identifier: Apache-2.0
// The effective settings as a settings file: the output of `config print`.
#pragma once

#include "config/load.hpp"

#include <string>

namespace config {

/// JSON with comments, every key in the order of the schema, each line followed by where the value
/// came from. load_text() reads it back to the same settings.
[[nodiscard]] std::string print(const Loaded& loaded);

}  // namespace config
