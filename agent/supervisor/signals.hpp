// SPDX-License-Identifier: Apache-2.0
// The signals of the supervisor, as a descriptor that can be polled.
#pragma once

#include "agent/base/file_descriptor.hpp"
#include "core/base/result.hpp"

#include <optional>

namespace agent {

class Signals {
   public:
    /// Blocks SIGTERM, SIGINT, SIGHUP and SIGCHLD in this process and its children, and ignores
    /// SIGPIPE. Errors: of signalfd(2).
    [[nodiscard]] core::Result<void> open();

    [[nodiscard]] int descriptor() const { return descriptor_.get(); }

    /// The number of the next signal that has arrived; absent if there is none. Does not wait.
    [[nodiscard]] std::optional<int> next() const;

   private:
    FileDescriptor descriptor_;
};

}  // namespace agent
