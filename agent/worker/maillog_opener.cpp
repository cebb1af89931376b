// SPDX-License-Identifier: Apache-2.0
#include "agent/worker/maillog_opener.hpp"

#include "core/result.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>

namespace agent {
namespace {

using State = MaillogOpened::State;

std::vector<std::string> candidates(const core::Settings::Maillog& settings, const std::vector<std::string>& usual) {
    return settings.path == "auto" ? usual : std::vector<std::string>{settings.path};
}

OpenedMaillog missing(const std::vector<std::string>& looked_for) {
    OpenedMaillog result;
    for (const std::string& path : looked_for) {
        result.reply.path += (result.reply.path.empty() ? "" : " or ") + path;
    }
    return result;
}

OpenedMaillog unreadable(const std::string& path, std::string error) {
    OpenedMaillog result;
    result.reply.state = State::unreadable;
    result.reply.path = path;
    result.reply.error = std::move(error);
    return result;
}

/// Reading the journal is for a later version; to read a file in its place would be an answer to another question.
OpenedMaillog not_a_file_source() {
    return unreadable("the journal",
                      "maillog.source is \"journal\", which this version does not read; set \"file\" or \"auto\"");
}

/// The server reads the log on its event loop, which must never wait for another host.
bool is_on_network(int file) {
    constexpr std::array<std::uint32_t, 5> types{NFS_SUPER_MAGIC, FUSE_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC,
                                                 SMB2_SUPER_MAGIC};
    struct statfs status {};
    return ::fstatfs(file, &status) == 0 &&
           std::find(types.begin(), types.end(), static_cast<std::uint32_t>(status.f_type)) != types.end();
}

// First as O_PATH, which opens nothing: to open a FIFO may wait, and to open a device may set something going.
OpenedMaillog open_regular(const std::string& path, std::uint64_t device, std::uint64_t inode) {
    const FileDescriptor place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!place) {
        const core::Error error = core::system_error(errno, "open", path);
        return error.code == core::Errc::missing ? missing({path}) : unreadable(path, error.message);
    }
    struct stat status {};
    if (::fstat(place.get(), &status) != 0) {
        return unreadable(path, core::system_error(errno, "stat", path).message);
    }
    if (!S_ISREG(status.st_mode)) {
        return unreadable(path, path + " is not a regular file");
    }
    if (is_on_network(place.get())) {
        return unreadable(path, path + " is on a network file system, which may hang; let Postfix log to a local file");
    }
    OpenedMaillog result;
    result.reply.path = path;
    result.reply.device = status.st_dev;
    result.reply.inode = status.st_ino;
    if (status.st_dev == device && status.st_ino == inode) {
        result.reply.state = State::unchanged;
        return result;
    }
    const std::string same_file = "/proc/self/fd/" + std::to_string(place.get());
    result.descriptor = FileDescriptor(::open(same_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!result.descriptor) {
        return unreadable(path, core::system_error(errno, "open", path).message);
    }
    result.reply.state = State::opened;
    return result;
}

// "1", "0", "20261122", "20261122-101500", "old": what logrotate and `postfix logrotate` append. Not "gz" or "offset".
bool is_rotation_suffix(std::string_view suffix) {
    return suffix == "old" || (!suffix.empty() && suffix.find_first_not_of("0123456789-_.") == std::string_view::npos &&
                               suffix.find_first_of("0123456789") == 0);
}

bool is_rotated_name(std::string_view name, std::string_view base) {
    return name.size() > base.size() + 1 && name.starts_with(base) &&
           (name[base.size()] == '.' || name[base.size()] == '-') && is_rotation_suffix(name.substr(base.size() + 1));
}

core::WallTime written_at(const struct stat& status) {
    return core::WallTime(std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
}

std::optional<std::string> latest_rotated(const std::string& log, core::WallTime not_before) {
    struct CloseDirectory {
        void operator()(DIR* directory) const noexcept { ::closedir(directory); }
    };
    const auto slash = log.rfind('/');
    const std::string folder = log.substr(0, slash + 1);
    const std::string_view base = std::string_view(log).substr(slash + 1);
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(folder.c_str()));
    std::optional<std::string> latest;
    core::WallTime latest_written = not_before;
    while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
        struct stat status {};
        if (!is_rotated_name(entry->d_name, base) ||
            ::fstatat(::dirfd(directory.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(status.st_mode) || written_at(status) < latest_written) {
            continue;
        }
        latest_written = written_at(status);
        latest = folder + entry->d_name;
    }
    return latest;
}

}  // namespace

const std::vector<std::string>& usual_maillogs() {
    static const std::vector<std::string> paths{"/var/log/mail.log", "/var/log/maillog"};
    return paths;
}

OpenedMaillog open_maillog(const core::Settings::Maillog& settings, std::uint64_t device, std::uint64_t inode,
                           const std::vector<std::string>& usual) {
    if (settings.source == core::MaillogSource::journal) {
        return not_a_file_source();
    }
    const std::vector<std::string> paths = candidates(settings, usual);
    for (const std::string& path : paths) {
        OpenedMaillog result = open_regular(path, device, inode);
        if (result.reply.state != State::missing) {
            return result;
        }
    }
    return missing(paths);
}

OpenedMaillog open_old_maillog(const core::Settings::Maillog& settings, core::WallTime boot_began,
                               const std::vector<std::string>& usual) {
    if (settings.source == core::MaillogSource::journal) {
        return not_a_file_source();
    }
    const std::vector<std::string> paths = candidates(settings, usual);
    for (const std::string& path : paths) {
        if (const auto rotated = latest_rotated(path, boot_began)) {
            return open_regular(*rotated, 0, 0);
        }
    }
    return missing(paths);
}

}  // namespace agent
