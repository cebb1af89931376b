// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/agent_directory.hpp"

#include "agent/base/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace agent {
namespace {

constexpr mode_t only_root = 0700;
constexpr mode_t others_bits = 0077;
constexpr std::array<const char*, 3> folders{"owners", "staging", "last-words"};

/// Makes the directory where it is not yet, and keeps all but root out.
core::Result<void> make_private(int parent, const std::string& name, const std::string& path) {
    if (::mkdirat(parent, name.c_str(), only_root) != 0 && errno != EEXIST) {
        return core::system_error(errno, "make directory", path);
    }
    const auto place = open_place(parent, name, path);
    if (place.has_error()) {
        return place.error();
    }
    struct stat status {};
    if (::fstat(place->get(), &status) != 0) {
        return core::system_error(errno, "stat", path);
    }
    if ((status.st_mode & others_bits) != 0 && ::fchmodat(place->get(), ".", only_root, 0) != 0) {
        return core::system_error(errno, "set mode of", path);
    }
    return {};
}

}  // namespace

core::Result<AgentDirectory> open_agent_directory(int mount, const core::Paths& paths) {
    const auto place = open_place(mount, core::agent_directory_name, paths.agent_directory);
    if (place.has_error()) {
        return place.error();
    }
    struct stat status {};
    if (::fstat(place->get(), &status) != 0) {
        return core::system_error(errno, "stat", paths.agent_directory);
    }
    AgentDirectory agent_directory;
    agent_directory.whole = (status.st_mode & others_bits) == 0;
    for (const std::string_view name : folders) {
        auto folder = open_place(place->get(), std::string(name),
                                 paths.agent_directory + "/" + std::string(name));
        if (folder.has_error() && folder.error().code != core::Errc::missing) {
            return folder.error();
        }
        agent_directory.whole = agent_directory.whole && folder.has_value();
        if (folder.has_value() && name == "staging") {
            agent_directory.staging = std::move(*folder);
        }
    }
    return agent_directory;
}

core::Result<void> make_agent_directory(int mount, const core::Paths& paths) {
    const auto made = make_private(mount, core::agent_directory_name, paths.agent_directory);
    if (made.has_error()) {
        return made;
    }
    const auto agent_directory =
        open_place(mount, core::agent_directory_name, paths.agent_directory);
    if (agent_directory.has_error()) {
        return agent_directory.error();
    }
    for (const char* name : folders) {
        const auto folder =
            make_private(agent_directory->get(), name, paths.agent_directory + "/" + name);
        if (folder.has_error()) {
            return folder;
        }
    }
    return {};
}

}  // namespace agent
