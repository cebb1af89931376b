// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/last_words_file.hpp"

#include "agent/base/directory.hpp"
#include "agent/base/file_descriptor.hpp"
#include "agent/mount/agent_directory.hpp"
#include "agent/mount/mount_directory.hpp"
#include "core/model/paths.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace agent {
namespace {

constexpr const char* folder_name = "last-words";

core::Result<FileDescriptor> open_folder(const MountDirectory& mount, const core::Paths& paths) {
    if (auto made = make_agent_directory(mount.fd(), paths); !made) {
        return made.error();
    }
    const auto agent_directory =
        open_place(mount.fd(), core::agent_directory_name, paths.agent_directory);
    if (!agent_directory) {
        return agent_directory.error();
    }
    return open_directory(agent_directory->get(), folder_name,
                          paths.agent_directory + "/" + folder_name);
}

/// What an earlier try left is removed first: it may be anybody's file by now.
core::Result<void> write_new(int folder, const std::string& name, const std::string& path,
                             std::string_view words) {
    if (::unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT) {
        return core::system_error(errno, "remove", path);
    }
    const FileDescriptor file(
        ::openat(folder, name.c_str(),
                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_DSYNC | O_CLOEXEC, 0600));
    if (!file) {
        return core::system_error(errno, "make", path);
    }
    const std::string text = std::string(words) + "\n";
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) {
        return core::system_error(written < 0 ? errno : ENOSPC, "write", path);
    }
    return {};
}

}  // namespace

core::Result<void> write_last_words(const core::Settings& settings, const std::string& instance_id,
                                    std::string_view words) {
    const auto mount = MountDirectory::open(settings);
    if (!mount) {
        return mount.error();
    }
    const core::Paths paths = core::paths_for(settings, instance_id);
    const auto folder = open_folder(*mount, paths);
    if (!folder) {
        return folder.error();
    }
    const std::string folder_path = paths.agent_directory + "/" + folder_name;
    const std::string name = instance_id + ".json";
    const std::string new_name = "." + instance_id + ".new";
    if (auto written = write_new(folder->get(), new_name, folder_path + "/" + new_name, words);
        !written) {
        ::unlinkat(folder->get(), new_name.c_str(), 0);
        return written;
    }
    if (::renameat(folder->get(), new_name.c_str(), folder->get(), name.c_str()) != 0) {
        return core::system_error(errno, "rename", folder_path + "/" + new_name + " to " + name);
    }
    return mount->is_nfs() ? core::Result<void>() : sync_directory(folder->get(), folder_path);
}

}  // namespace agent
