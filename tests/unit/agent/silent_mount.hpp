// SPDX-License-Identifier: Apache-2.0
// A mount in this process's private namespace that never answers: a FUSE file system whose server
// sends no reply. A process that accesses it blocks until this object is destroyed.
#pragma once

#include "agent/base/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <string>

#include "unit/agent/relink_support.hpp"

namespace agent::testing {

class SilentMount {
   public:
    explicit SilentMount(fs::path path)
        : path_(std::move(path)), server_(::open("/dev/fuse", O_RDWR | O_CLOEXEC)) {
        fs::create_directories(path_);
        EXPECT_TRUE(enter_private_mounts()) << std::strerror(errno);
        const std::string options = "fd=" + std::to_string(server_.get()) +
                                    ",rootmode=40000,user_id=0,group_id=0,allow_other";
        works_ = ::mount("silent", path_.c_str(), "fuse.silent", MS_NOSUID | MS_NODEV,
                         options.c_str()) == 0;
    }
    SilentMount(const SilentMount&) = delete;
    SilentMount& operator=(const SilentMount&) = delete;
    ~SilentMount() {
        server_.reset();
        ::umount2(path_.c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool works() const { return works_; }

   private:
    fs::path path_;
    FileDescriptor server_;
    bool works_ = false;
};

}  // namespace agent::testing
