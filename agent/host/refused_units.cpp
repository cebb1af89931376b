// SPDX-License-Identifier: Apache-2.0
#include "agent/host/refused_units.hpp"

#include "agent/base/atomic_file.hpp"
#include "agent/base/small_file.hpp"
#include "core/base/excerpt.hpp"
#include "core/base/printable.hpp"
#include "systemd/unit_list.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace agent {
namespace {

constexpr std::size_t longest_name = 255;  // UNIT_NAME_MAX of systemd
constexpr std::size_t longest_reason = 2000;

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

core::Result<void> make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0755) == 0) {
        return ::chmod(path.c_str(), 0755) == 0 ? core::Result<void>()
                                                : core::system_error(errno, "chmod", path);
    }
    return errno == EEXIST ? core::Result<void>()
                           : core::system_error(errno, "make directory", path);
}

}  // namespace

bool RefusedUnits::accepts(std::string_view unit) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\@-";
    return unit.size() <= longest_name &&
           unit.find_first_not_of(allowed) == std::string_view::npos && systemd::runs_postfix(unit);
}

core::Result<void> RefusedUnits::mark(const std::string& unit, std::string_view reason) const {
    if (!accepts(unit)) {
        return core::Error{core::Errc::malformed,
                           core::excerpt(unit) +
                               " is not a unit of Postfix; expected postfix.service or "
                               "postfix@<instance>.service"};
    }
    if (auto made = make_directory(directory_); !made) {
        return made;
    }
    const std::string path = path_of(unit);
    return write_atomically({.name = path, .path = path, .mode = 0644},
                            core::printable(reason, longest_reason) + "\n");
}

core::Result<void> RefusedUnits::clear(const std::string& unit) const {
    const std::string path = path_of(unit);
    if (accepts(unit) && ::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return core::system_error(errno, "remove", path);
    }
    return {};
}

core::Result<void> RefusedUnits::clear(const RefusedStart& start) const {
    struct stat status {};
    const bool exists = ::lstat(path_of(start.unit).c_str(), &status) == 0;
    return exists && status.st_ino == start.inode ? clear(start.unit) : core::Result<void>();
}

std::vector<RefusedStart> RefusedUnits::list() const {
    std::vector<RefusedStart> found;
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(directory_.c_str()));
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
        if (!accepts(entry->d_name)) {
            continue;
        }
        const auto reason = read_small_file(path_of(entry->d_name), 2 * longest_reason);
        const std::string line = reason ? reason->substr(0, reason->find('\n')) : std::string();
        found.push_back({entry->d_name, core::printable(line, longest_reason), entry->d_ino});
    }
    std::sort(found.begin(), found.end(),
              [](const auto& a, const auto& b) { return a.unit < b.unit; });
    return found;
}

}  // namespace agent
