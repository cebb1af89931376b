// SPDX-License-Identifier: Apache-2.0
#include "agent/base/atomic_file.hpp"

#include "agent/base/directory.hpp"
#include "agent/base/file_descriptor.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace agent {
namespace {

core::Result<void> write_whole(int file, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return core::system_error(errno, "write", path);
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

/// The rest of an earlier try is removed first: another process may hold or own it.
core::Result<void> write_new(const AtomicFile& file, const std::string& name,
                             std::string_view text) {
    const std::string path = file.path + ".new";
    if (::unlinkat(file.directory, name.c_str(), 0) != 0 && errno != ENOENT) {
        return core::system_error(errno, "remove", path);
    }
    const int sync = file.stored == Stored::nothing ? 0 : O_DSYNC;
    const FileDescriptor made(::openat(file.directory, name.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | sync,
                                       file.mode));
    if (!made) {
        return core::system_error(errno, "make", path);
    }
    // A umask takes bits from group and others. Without such bits this saves NFS a round trip.
    if ((file.mode & 0077) != 0 && ::fchmod(made.get(), file.mode) != 0) {
        return core::system_error(errno, "set mode of", path);
    }
    return write_whole(made.get(), text, path);
}

}  // namespace

core::Result<void> write_atomically(const AtomicFile& file, std::string_view text) {
    const std::string name = file.name + ".new";
    auto done = write_new(file, name, text);
    if (done && ::renameat(file.directory, name.c_str(), file.directory, file.name.c_str()) != 0) {
        done = core::system_error(errno, "replace", file.path);
    }
    if (!done) {
        ::unlinkat(file.directory, name.c_str(), 0);
        return done;
    }
    return file.stored == Stored::by_sync ? sync_directory(file.directory, file.path)
                                          : core::Result<void>();
}

}  // namespace agent
