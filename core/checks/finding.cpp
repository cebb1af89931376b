// SPDX-License-Identifier: Apache-2.0
#include "core/checks/finding.hpp"

namespace core {

namespace {

constexpr std::array<std::string_view, 3> status_names{"pass", "warn", "fail"};
constexpr std::array<std::string_view, 3> excuse_names{"none", "shared_fault", "restarting"};

}  // namespace

std::string_view to_string(Status status) noexcept {
    return status_names[static_cast<std::size_t>(status)];
}

std::string_view to_string(Excuse excuse) noexcept {
    return excuse_names[static_cast<std::size_t>(excuse)];
}

}  // namespace core
