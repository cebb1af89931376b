// SPDX-License-Identifier: Apache-2.0
#include "agent/relink/tree_remove.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace agent {

core::Result<Slice> TreeRemove::continue_for(std::chrono::milliseconds budget) {
    const auto deadline = std::chrono::steady_clock::now() + budget;
    do {
        const auto advanced = advance();
        if (advanced.has_error()) {
            return advanced.error();
        }
        if (levels_.empty()) {
            return Slice::done;
        }
    } while (std::chrono::steady_clock::now() < deadline);
    return Slice::more;
}

core::Result<void> TreeRemove::advance() {
    if (!std::exchange(begun_, true)) {
        return remove_entry(target_.directory, {target_.name, DT_DIR}, target_.path);
    }
    Level& level = levels_.back();
    if (level.next == level.entries.size()) {
        return leave();
    }
    const DirectoryEntry entry = level.entries[level.next++];
    return remove_entry(level.directory.get(), entry, level.path + "/" + entry.name);
}

core::Result<void> TreeRemove::remove_entry(int directory, const DirectoryEntry& entry,
                                            const std::string& path) {
    if (entry.type == DT_DIR || entry.type == DT_UNKNOWN) {
        auto entered = enter(directory, entry.name, path);
        // What is no directory, or gone, is for unlinkat to settle.
        if (entered.has_value() || entered.error().code != core::Errc::missing) {
            return entered;
        }
    }
    if (::unlinkat(directory, entry.name.c_str(), 0) != 0 && errno != ENOENT) {
        return core::system_error(errno, "remove", path);
    }
    return {};
}

core::Result<void> TreeRemove::enter(int parent, const std::string& name, const std::string& path) {
    auto directory = open_directory(parent, name, path);
    if (directory.has_error()) {
        return directory.error();
    }
    struct stat status {};
    if (::fstat(directory->get(), &status) != 0) {
        return core::system_error(errno, "stat", path);
    }
    if (levels_.empty()) {
        device_ = status.st_dev;
    }
    if (status.st_dev != device_ || levels_.size() == max_depth) {
        return core::Error{core::Errc::refused,
                           "remove " + path +
                               (status.st_dev != device_ ? ": it is on another file system"
                                                         : ": too many directories deep")};
    }
    auto entries = list_directory(directory->get(), path);
    if (entries.has_error()) {
        return entries.error();
    }
    levels_.push_back({name, path, std::move(*directory), std::move(*entries), 0});
    return {};
}

core::Result<void> TreeRemove::leave() {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    const int parent = levels_.empty() ? target_.directory : levels_.back().directory.get();
    if (::unlinkat(parent, level.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
        return core::system_error(errno, "remove directory", level.path);
    }
    return {};
}

}  // namespace agent
