// SPDX-License-Identifier: Apache-2.0
#include "agent/ipc/worker_kind.hpp"

#include <array>

namespace agent {

std::string_view to_string(WorkerKind kind) noexcept {
    static constexpr std::array<std::string_view, 3> names{"host", "mount", "systemd"};
    return names[static_cast<std::size_t>(kind)];
}

}  // namespace agent
