// SPDX-License-Identifier: Apache-2.0
#include "agent/host/queue_link.hpp"

#include "core/base/result.hpp"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace agent {

core::LinkFacts observe_link(const std::string& path) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length >= 0) {
        return {core::LinkFacts::Kind::symlink,
                std::string(target.data(), static_cast<std::size_t>(length)), ""};
    }
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) {
        return {core::LinkFacts::Kind::absent, "", ""};
    }
    struct stat status {};
    if (error == EINVAL && ::lstat(path.c_str(), &status) == 0) {
        return {S_ISDIR(status.st_mode) ? core::LinkFacts::Kind::directory
                                        : core::LinkFacts::Kind::other,
                "", ""};
    }
    return {core::LinkFacts::Kind::unreadable, "",
            core::system_error(error, "read link", path).message};
}

}  // namespace agent
