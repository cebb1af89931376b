// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/last_words_file.hpp"

#include "agent/base/atomic_file.hpp"
#include "agent/base/directory.hpp"
#include "agent/base/file_descriptor.hpp"
#include "agent/mount/agent_directory.hpp"
#include "agent/mount/mount_directory.hpp"
#include "core/model/paths.hpp"

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

}  // namespace

core::Result<void> write_last_words(const core::Settings& settings, const std::string& instance_id,
                                    std::string_view text) {
    const auto mount = MountDirectory::open(settings);
    if (!mount) {
        return mount.error();
    }
    const core::Paths paths = core::paths_for(settings, instance_id);
    const auto folder = open_folder(*mount, paths);
    if (!folder) {
        return folder.error();
    }
    AtomicFile file;
    file.directory = folder->get();
    file.name = instance_id + ".json";
    file.path = paths.agent_directory + "/" + folder_name + "/" + file.name;
    file.stored = mount->is_nfs() ? Stored::by_server : Stored::by_sync;
    return write_atomically(file, std::string(text) + "\n");
}

}  // namespace agent
