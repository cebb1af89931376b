// SPDX-License-Identifier: Apache-2.0
#include "agent/host/queue_contents.hpp"

#include "agent/base/directory.hpp"
#include "core/model/queue_layout.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

namespace agent {
namespace {

/// From readdir(3), or from lstat(2) where the file system gives no type.
unsigned char type_of(int directory, const DirectoryEntry& entry) {
    if (entry.type != DT_UNKNOWN) {
        return entry.type;
    }
    struct stat status {};
    if (::fstatat(directory, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return DT_UNKNOWN;
    }
    return static_cast<unsigned char>(IFTODT(status.st_mode));
}

core::Result<std::uint64_t> count_below(int parent, const std::string& name,
                                        const std::string& path, std::size_t depth) {
    const auto directory = open_directory(parent, name, path);
    if (directory.has_error()) {
        const bool none = directory.error().code == core::Errc::missing;
        return none ? core::Result<std::uint64_t>(0) : directory.error();
    }
    const auto entries = list_directory(directory->get(), path);
    if (entries.has_error()) {
        return entries.error();
    }
    std::uint64_t count = 0;
    for (const DirectoryEntry& entry : *entries) {
        if (!core::is_message_name(entry.name)) {
            continue;
        }
        const unsigned char type = type_of(directory->get(), entry);
        if (type == DT_REG) {
            ++count;
        } else if (type == DT_DIR && depth < core::max_hash_depth) {
            const auto below =
                count_below(directory->get(), entry.name, path + "/" + entry.name, depth + 1);
            if (below.has_error()) {
                return below.error();
            }
            count += *below;
        }
    }
    return count;
}

}  // namespace

core::Result<std::vector<std::string>> missing_queue_directories(int queue,
                                                                 const std::string& path) {
    const auto entries = list_directory(queue, path);
    if (entries.has_error()) {
        return entries.error();
    }
    std::vector<std::string> missing;
    for (const core::QueueDirectory& directory : core::queue_directories()) {
        const auto entry = std::ranges::find(*entries, directory.name, &DirectoryEntry::name);
        const bool there = entry != entries->end() && type_of(queue, *entry) == DT_DIR;
        if (directory.required && !there) {
            missing.emplace_back(directory.name);
        }
    }
    return missing;
}

core::Result<std::uint64_t> count_mail(int queue, const std::string& path) {
    std::uint64_t count = 0;
    for (const core::QueueDirectory& directory : core::queue_directories()) {
        if (!directory.counted) {
            continue;
        }
        const std::string name(directory.name);
        const auto below = count_below(queue, name, path + "/" + name, 0);
        if (below.has_error()) {
            return below.error();
        }
        count += *below;
    }
    return count;
}

}  // namespace agent
