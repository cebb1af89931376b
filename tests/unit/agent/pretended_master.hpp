// SPDX-License-Identifier: Apache-2.0
// A program other than Postfix at the path of Postfix's master.
#pragma once

#include "agent/base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "unit/temporary_directory.hpp"

namespace agent::testing {

enum class Lock { taken, none };

/// A process whose executable is <folder>/postfix/sbin/master (a copy of cat, which waits for its
/// input) and that has queue/pid/master.pid open. Works in <folder>/queue, and holds
/// queue/master.lock as the real one holds that of its data directory. It is of root like the real
/// one, or of another user.
class Master {
   public:
    Master(const tests::TemporaryDirectory& folder, Lock lock,
           const std::string& executable = "postfix/sbin/master", uid_t user = ::getuid()) {
        const std::string program = folder / executable;
        std::filesystem::create_directories(std::filesystem::path(program).parent_path());
        std::filesystem::create_directories(folder / "queue/pid");
        if (!std::filesystem::exists(program)) {
            std::filesystem::copy_file("/bin/cat", program);
        }
        const FileDescriptor file(
            ::open((folder / "queue/pid/master.pid").c_str(), O_RDWR | O_CREAT, 0600));
        const FileDescriptor other(
            ::open((folder / "queue/master.lock").c_str(), O_RDWR | O_CREAT, 0600));
        EXPECT_EQ(::flock(other.get(), LOCK_EX | LOCK_NB), 0);
        if (lock == Lock::taken) {
            EXPECT_EQ(::flock(file.get(), LOCK_EX | LOCK_NB), 0);
        }
        const FileDescriptor opened(
            ::open(program.c_str(), O_PATH | O_CLOEXEC));  // that user may not find it by name
        std::array<int, 2> feed{};
        std::array<int, 2> ready{};
        EXPECT_EQ(::pipe2(feed.data(), O_CLOEXEC), 0);
        EXPECT_EQ(::pipe2(ready.data(), O_CLOEXEC), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            const bool in_place =
                ::chdir((folder / "queue").c_str()) == 0 && ::dup2(feed[0], STDIN_FILENO) >= 0;
            if (in_place && ::setresuid(user, user, user) == 0) {
                std::array<char, 7> name{"master"};
                const std::array<char*, 2> arguments{name.data(), nullptr};
                ::fexecve(opened.get(), arguments.data(), environ);
            }
            ::_exit(127);
        }
        ::close(feed[0]);
        ::close(ready[1]);
        feed_ = FileDescriptor(feed[1]);
        char byte = 0;
        EXPECT_EQ(::read(ready[0], &byte, 1), 0);  // the exec closed its end
        ::close(ready[0]);
    }
    Master(const Master&) = delete;
    Master& operator=(const Master&) = delete;
    ~Master() {
        kill();
        if (pid_ > 0) {
            ::waitpid(pid_, nullptr, 0);
        }
    }
    void kill() const { ::kill(pid_, SIGKILL); }
    [[nodiscard]] pid_t pid() const { return pid_; }

   private:
    pid_t pid_ = -1;
    FileDescriptor feed_;
};

}  // namespace agent::testing
