// SPDX-License-Identifier: Apache-2.0
// The sinks of verdict changes beside standard error. Opened before the server loses the
// file system.
#pragma once

#include "agent/base/file_descriptor.hpp"

namespace agent {

struct LogSinks {
    FileDescriptor journal;  ///< a datagram socket connected to the journal; only where standard
                             ///< error goes there too
    FileDescriptor console;  ///< /dev/console; only in a service: a command at a
                             ///< prompt does not write there
};

/// What is not there stays closed, which is no error. Neither descriptor ever waits.
[[nodiscard]] LogSinks open_log_sinks();

}  // namespace agent
