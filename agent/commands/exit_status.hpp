// SPDX-License-Identifier: Apache-2.0
// The monitoring-plugins convention: what `check` and `status` exit with.
#pragma once

#include "core/checks/checks.hpp"

namespace agent {

inline constexpr int exit_unknown = 3;

[[nodiscard]] constexpr int exit_status(core::Status status) noexcept {
    switch (status) {
        case core::Status::pass: return 0;
        case core::Status::warn: return 1;
        case core::Status::fail: return 2;
    }
    return exit_unknown;
}

}  // namespace agent
