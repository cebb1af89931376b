// SPDX-License-Identifier: Apache-2.0
// How a child process of the supervisor ended.
#pragma once

#include <sys/types.h>
#include <sys/wait.h>

#include <string>

namespace agent {

struct ChildExit {
    pid_t pid = -1;
    int status = 0;  ///< as waitpid(2) reports it

    [[nodiscard]] bool is_clean() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

    /// "exited with status 1", "was killed by signal 9".
    [[nodiscard]] std::string text() const {
        return WIFSIGNALED(status) ? "was killed by signal " + std::to_string(WTERMSIG(status))
                                   : "exited with status " + std::to_string(WEXITSTATUS(status));
    }
};

}  // namespace agent
