// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace agent {

/// "0.1.0", from the build.
[[nodiscard]] const char* version() noexcept;

}  // namespace agent
