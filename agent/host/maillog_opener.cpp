// SPDX-License-Identifier: Apache-2.0
#include "agent/host/maillog_opener.hpp"

#include "core/base/result.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

namespace agent {
namespace {

using State = MaillogOpened::State;

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

// First as O_PATH, which opens nothing: to open a FIFO may wait, and to open a device may set
// something going. Only a local file: the server reads the log on its event loop, which must never
// wait for another host.
OpenedMaillog open_regular(const std::string& path, const LocalPaths& local, std::uint64_t device,
                           std::uint64_t inode) {
    auto place = local.locate(path);
    if (!place) {
        const core::Error& error = place.error();
        if (error.code == core::Errc::missing) {
            return missing({path});
        }
        const bool remote = error.code == core::Errc::refused;
        return unreadable(path,
                          error.message + (remote ? "; let Postfix log to a local file" : ""));
    }
    struct stat status {};
    if (::fstat(place->get(), &status) != 0) {
        return unreadable(path, core::system_error(errno, "stat", path).message);
    }
    if (!S_ISREG(status.st_mode)) {
        return unreadable(path, path + " is not a regular file");
    }
    OpenedMaillog result;
    result.reply.path = path;
    result.reply.device = status.st_dev;
    result.reply.inode = status.st_ino;
    result.place = std::move(*place);
    if (status.st_dev == device && status.st_ino == inode) {
        result.reply.state = State::unchanged;
        return result;
    }
    const std::string same_file = "/proc/self/fd/" + std::to_string(result.place.get());
    result.descriptor =
        FileDescriptor(::open(same_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!result.descriptor) {
        return unreadable(path, core::system_error(errno, "open", path).message);
    }
    result.reply.state = State::opened;
    return result;
}

// "1", "0", "20261122", "20261122-101500", "old": what logrotate and `postfix logrotate` append.
// Not "gz" or "offset".
bool is_rotation_suffix(std::string_view suffix) {
    return suffix == "old" ||
           (!suffix.empty() &&
            suffix.find_first_not_of("0123456789-_.") == std::string_view::npos &&
            suffix.find_first_of("0123456789") == 0);
}

bool is_rotated_name(std::string_view name, std::string_view base) {
    return name.size() > base.size() + 1 && name.starts_with(base) &&
           (name[base.size()] == '.' || name[base.size()] == '-') &&
           is_rotation_suffix(name.substr(base.size() + 1));
}

core::WallTime written_at(const struct stat& status) {
    return core::WallTime(std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::seconds(status.st_mtim.tv_sec) +
        std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
}

std::optional<std::string> latest_rotated(const std::string& log, const LocalPaths& local,
                                          core::WallTime not_before) {
    struct CloseDirectory {
        void operator()(DIR* directory) const noexcept { ::closedir(directory); }
    };
    const auto slash = log.rfind('/');
    const std::string folder = log.substr(0, slash + 1);
    const std::string_view base = std::string_view(log).substr(slash + 1);
    const auto resolved = local.resolve(folder);
    const std::unique_ptr<DIR, CloseDirectory> directory(resolved ? ::opendir(resolved->c_str())
                                                                  : nullptr);
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

std::vector<std::string> maillog_candidates(const core::Settings::Maillog& settings,
                                            const std::optional<std::string>& maillog_file,
                                            const std::vector<std::string>& usual) {
    if (settings.source == core::MaillogSource::journal) {
        return {};
    }
    if (settings.path != "auto") {
        return {settings.path};
    }
    return maillog_file ? std::vector<std::string>{*maillog_file} : usual;
}

OpenedMaillog open_maillog(const std::vector<std::string>& candidates, const LocalPaths& local,
                           std::uint64_t device, std::uint64_t inode) {
    for (const std::string& path : candidates) {
        OpenedMaillog result = open_regular(path, local, device, inode);
        if (result.reply.state != State::missing) {
            return result;
        }
    }
    return missing(candidates);
}

OpenedMaillog open_old_maillog(const std::vector<std::string>& candidates, const LocalPaths& local,
                               core::WallTime boot_began) {
    for (const std::string& path : candidates) {
        if (const auto rotated = latest_rotated(path, local, boot_began)) {
            return open_regular(*rotated, local, 0, 0);
        }
    }
    return missing(candidates);
}

}  // namespace agent
