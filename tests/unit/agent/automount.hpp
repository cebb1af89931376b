// SPDX-License-Identifier: Apache-2.0
// An automount point of this process's private mount namespace, and the process that serves it
// (autofs(5), protocol 5).
#pragma once

#include "agent/base/file_descriptor.hpp"

#include <linux/auto_fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <string>
#include <utility>

#include "unit/agent/relink_support.hpp"

namespace agent::testing {

class Automount {
   public:
    /// The first access mounts an empty file system of that type; nullptr: the mount fails.
    Automount(fs::path path, const char* fstype) : path_(std::move(path)) {
        EXPECT_TRUE(enter_private_mounts());
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        FileDescriptor ready(ends[0]);
        FileDescriptor started(ends[1]);
        pid_ = ::fork();
        if (pid_ == 0) {
            ready.reset();
            serve(started.get(), fstype);
            ::_exit(0);
        }
        started.reset();
        char byte = 0;
        works_ = ::read(ready.get(), &byte, 1) == 1;
    }
    Automount(const Automount&) = delete;
    Automount& operator=(const Automount&) = delete;
    ~Automount() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        while (::umount2(path_.c_str(), MNT_DETACH) == 0) {
        }
    }
    [[nodiscard]] bool works() const { return works_; }

   private:
    /// Runs in the child. The kernel does not block the process group that serves an automount
    /// point.
    void serve(int started, const char* fstype) const {
        std::array<int, 2> ends{};
        if (::setpgid(0, 0) != 0 || ::pipe2(ends.data(), O_CLOEXEC | O_DIRECT) != 0) {
            return;
        }
        const std::string options = "fd=" + std::to_string(ends[1]) +
                                    ",pgrp=" + std::to_string(::getpgrp()) +
                                    ",minproto=5,maxproto=5,direct";
        if (::mount("test", path_.c_str(), "autofs", 0, options.c_str()) != 0) {
            return;
        }
        const int root = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        autofs_v5_packet packet{};
        if (root < 0 || ::write(started, "r", 1) != 1) {
            return;
        }
        while (::read(ends[0], &packet, sizeof packet) > 0) {
            const bool mounted =
                fstype != nullptr && ::mount("test:/", path_.c_str(), fstype, 0, "mode=755") == 0;
            ::ioctl(root, mounted ? AUTOFS_IOC_READY : AUTOFS_IOC_FAIL, packet.wait_queue_token);
        }
    }

    fs::path path_;
    pid_t pid_ = -1;
    bool works_ = false;
};

}  // namespace agent::testing
