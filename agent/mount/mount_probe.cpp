// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/mount_probe.hpp"

#include "agent/base/file_descriptor.hpp"
#include "agent/mount/mount_directory.hpp"
#include "core/base/result.hpp"
#include "core/parse/pid_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

namespace agent {
namespace {

using Answer = core::MountFacts::Answer;

Answer answer_of(int error) {
    switch (core::errc_from_errno(error)) {
        case core::Errc::denied: return Answer::denied;
        default: return Answer::io_error;
    }
}

core::MountFacts not_answered(Answer answer, std::string error) {
    core::MountFacts facts;
    facts.answer = answer;
    facts.error = std::move(error);
    return facts;
}

/// Asks the server, not the attribute cache: a cached answer would prove nothing.
bool ask_server(int directory, const char* name, struct statx& status) {
    return ::statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_FORCE_SYNC,
                   STATX_TYPE | STATX_INO | STATX_NLINK, &status) == 0;
}

bool same_device(const struct statx& left, const struct statx& right) {
    return left.stx_dev_major == right.stx_dev_major && left.stx_dev_minor == right.stx_dev_minor;
}

core::QueueDirFacts look_at_queue(int mount, const struct statx& mount_status,
                                  const core::Settings& settings, const std::string& id) {
    using Kind = core::QueueDirFacts::Kind;
    struct statx status {};
    if (!ask_server(mount, id.c_str(), status)) {
        const int error = errno;
        return error == ENOENT ? core::QueueDirFacts{Kind::absent, ""}
                               : core::QueueDirFacts{
                                     Kind::error, core::system_error(error, "look at",
                                                                     settings.mount.path + "/" + id)
                                                      .message};
    }
    if (!S_ISDIR(status.stx_mode)) {
        return {Kind::not_a_directory, ""};
    }
    return {same_device(status, mount_status) ? Kind::directory : Kind::off_mount, ""};
}

core::PidFileFacts unreadable(int error, const std::string& path) {
    core::PidFileFacts facts;
    facts.kind = core::PidFileFacts::Kind::unreadable;
    facts.error = core::system_error(error, "read", path).message;
    return facts;
}

core::PidFileFacts read_pid_file(int mount, const core::Settings& settings, const std::string& id) {
    using Kind = core::PidFileFacts::Kind;
    const std::string relative = id + "/pid/master.pid";
    const std::string path = settings.mount.path + "/" + relative;
    core::PidFileFacts facts;
    const FileDescriptor file(::openat(mount, relative.c_str(),
                                       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!file) {
        const int error = errno;
        if (error == ENOENT) {
            return facts;
        }
        if (error == ELOOP || error == ENXIO) {
            facts.kind = Kind::not_a_file;
            return facts;
        }
        return unreadable(error, path);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return unreadable(errno, path);
    }
    facts.inode = status.st_ino;
    facts.links = status.st_nlink;
    if (!S_ISREG(status.st_mode)) {
        facts.kind = Kind::not_a_file;
        return facts;
    }
    std::array<char, 64> buffer{};
    const ssize_t count = ::pread(file.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) {
        return unreadable(errno, path);
    }
    const auto pid = core::parse_pid_file({buffer.data(), static_cast<std::size_t>(count)});
    facts.kind = pid ? Kind::present : Kind::garbage;
    if (pid) {
        facts.pid = *pid;
    } else {
        facts.text = pid.error().message;
    }
    return facts;
}

}  // namespace

core::MountFacts probe_mount(const core::Settings& settings, const std::string& instance_id,
                             OwnerLock* lock) {
    trigger_automount(settings.mount.path);
    const auto mount = MountDirectory::open(settings, MountDirectory::For::reading);
    if (!mount) {
        return not_answered(Answer::not_mounted, mount.error().message);
    }
    const auto started = std::chrono::steady_clock::now();
    struct statx status {};
    if (::statx(mount->fd(), "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_TYPE | STATX_INO,
                &status) != 0) {
        const int error = errno;
        return not_answered(answer_of(error),
                            core::system_error(error, "look at", settings.mount.path).message);
    }
    core::MountFacts facts;
    facts.answer = Answer::answered;
    if (!instance_id.empty()) {
        facts.queue_dir = look_at_queue(mount->fd(), status, settings, instance_id);
        facts.pid_file = read_pid_file(mount->fd(), settings, instance_id);
    }
    if (lock != nullptr) {
        facts.ownership = lock->observe(*mount);
    }
    facts.took_us = std::chrono::duration_cast<std::chrono::microseconds>(
                        std::chrono::steady_clock::now() - started)
                        .count();
    return facts;
}

}  // namespace agent
