// SPDX-License-Identifier: Apache-2.0
// A program that a test starts, in mounts of the test's own; it ends with the test.
#pragma once

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace tests {

/// Gives this process its own mounts, with an empty /run. False where that is not permitted.
inline bool enter_private_mounts() {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return false;
    }
    return ::mount("run", "/run", "tmpfs", 0, "mode=755") == 0;
}

inline bool eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

class Child {
   public:
    explicit Child(std::vector<std::string> command, int standard_input = -1,
                   int standard_output = -1) {
        std::vector<char*> arguments;
        for (std::string& word : command) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
            ::dup2(standard_input < 0 ? null : standard_input, STDIN_FILENO);
            ::dup2(standard_output < 0 ? null : standard_output, STDOUT_FILENO);
            ::dup2(null, STDERR_FILENO);
            ::execvp(arguments[0], arguments.data());
            ::_exit(127);
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { end(SIGKILL); }

    void signal(int number) const { ::kill(pid_, number); }
    /// Returns once it has stopped; SIGCONT continues it.
    void suspend() const {
        signal(SIGSTOP);
        ::waitpid(pid_, nullptr, WUNTRACED);
    }
    void end(int number) {
        if (pid_ > 0) {
            ::kill(pid_, number);
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
    }
    /// Waits until it exits; returns its exit status.
    [[nodiscard]] int wait() {
        int status = -1;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

   private:
    pid_t pid_ = -1;
};

}  // namespace tests
