// SPDX-License-Identifier: Apache-2.0
// The kinds of worker processes.
#pragma once

#include <string_view>

namespace agent {

enum class WorkerKind {
    host,   ///< reads what is local and needs root: /proc of master, the queue link, the mail log's
            ///< descriptor
    mount,  ///< the only process that touches the shared file system
    systemd,  ///< speaks with systemd: the state of Postfix's units, the journal
};
[[nodiscard]] std::string_view to_string(WorkerKind kind) noexcept;

}  // namespace agent
