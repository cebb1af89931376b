// SPDX-License-Identifier: Apache-2.0
#include "agent/base/directory.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

namespace agent {
namespace {

core::Result<FileDescriptor> open_at(int parent, const std::string& name, const std::string& path,
                                     int flags) {
    FileDescriptor fd(::openat(parent, name.c_str(), flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) {
        // A symbolic link is no directory here, whichever of the two the kernel says.
        return core::system_error(errno == ELOOP ? ENOTDIR : errno, "open directory", path);
    }
    return fd;
}

}  // namespace

core::Result<FileDescriptor> open_directory(int parent, const std::string& name,
                                            const std::string& path) {
    return open_at(parent, name, path, O_RDONLY);
}

core::Result<FileDescriptor> open_place(int parent, const std::string& name,
                                        const std::string& path) {
    return open_at(parent, name, path, O_PATH);
}

core::Result<std::vector<DirectoryEntry>> list_directory(int directory, const std::string& path) {
    FileDescriptor copy(::fcntl(directory, F_DUPFD_CLOEXEC, 0));
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(copy ? ::fdopendir(copy.get()) : nullptr,
                                                     &::closedir);
    if (!stream) {
        return core::system_error(errno, "read directory", path);
    }
    static_cast<void>(copy.release());
    std::vector<DirectoryEntry> entries;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(stream.get());
        if (entry == nullptr) {
            break;
        }
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") {
            entries.push_back({std::string(name), entry->d_type});
        }
    }
    if (errno != 0) {
        return core::system_error(errno, "read directory", path);
    }
    std::ranges::sort(entries, {}, &DirectoryEntry::name);
    return entries;
}

core::Result<Parent> open_parent(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    Parent parent;
    parent.path = slash == 0 ? "/" : path.substr(0, slash);
    parent.name = path.substr(slash + 1);
    parent.directory =
        FileDescriptor(::open(parent.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent.directory) {
        return core::system_error(errno, "open directory", parent.path);
    }
    return parent;
}

core::Result<void> sync_directory(int directory, const std::string& path) {
    if (::fsync(directory) != 0) {
        return core::system_error(errno, "sync directory", path);
    }
    return {};
}

}  // namespace agent
