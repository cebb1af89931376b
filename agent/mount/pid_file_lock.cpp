// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/pid_file_lock.hpp"

#include "agent/base/file_descriptor.hpp"
#include "agent/mount/mount_directory.hpp"
#include "core/base/result.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace agent {
namespace {

using State = core::LockFacts::State;

core::LockFacts failed(int error_number, std::string error) {
    core::LockFacts facts;
    facts.state = State::error;
    facts.error_number = error_number;
    facts.error = std::move(error);
    return facts;
}

}  // namespace

core::LockFacts ask_pid_file_lock(const core::Settings& settings, const std::string& instance_id) {
    const auto mount = MountDirectory::open(settings, MountDirectory::For::reading);
    if (!mount) {
        return failed(0, mount.error().message);
    }
    const std::string relative = instance_id + "/pid/master.pid";
    const std::string path = mount->path() + "/" + relative;
    const FileDescriptor file(::openat(mount->fd(), relative.c_str(),
                                       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!file) {
        const int error = errno;
        return error == ENOENT ? core::LockFacts{}
                               : failed(error, core::system_error(error, "open", path).message);
    }
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(file.get(), F_GETLK, &lock) != 0) {
        const int error = errno;
        return failed(error, core::system_error(error, "ask for the lock on", path).message);
    }
    core::LockFacts facts;
    facts.state = lock.l_type == F_UNLCK ? State::free : State::held;
    if (facts.state == State::held && lock.l_pid > 0) {
        facts.pid = lock.l_pid;  // 0 or -1: not a process that this kernel can name
    }
    return facts;
}

}  // namespace agent
