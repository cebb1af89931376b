// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/mount_directory.hpp"

#include "agent/base/small_file.hpp"
#include "core/parse/mountinfo.hpp"
#include "core/queue/relink_plan.hpp"

#include <fcntl.h>

#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

namespace agent {
namespace {

std::optional<std::uint64_t> number_at_start(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? std::optional(value) : std::nullopt;
}

struct Uppermost {
    std::uint64_t id = 0;
    core::MountEntry entry;
};

/// The last line for that mount point, and its number, which is the first field of the line.
std::optional<Uppermost> find_uppermost(std::string_view mountinfo, const std::string& path) {
    std::optional<Uppermost> found;
    while (!mountinfo.empty()) {
        const std::size_t end = mountinfo.find('\n');
        const std::string_view line = mountinfo.substr(0, end);
        mountinfo.remove_prefix(end == std::string_view::npos ? mountinfo.size() : end + 1);
        const auto id = number_at_start(line);
        auto entry = core::parse_mountinfo_line(line);
        if (id && entry && entry->mount_point == path) {
            found = Uppermost{*id, *std::move(entry)};
        }
    }
    return found;
}

}  // namespace

void trigger_automount(const std::string& path) {
    const auto text = read_proc_file("/proc/self/mountinfo");
    const auto entry = text ? core::find_mount(*text, path) : std::nullopt;
    if (entry && core::is_automount_point(*entry)) {
        const FileDescriptor inside(
            ::open((path + "/.").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
}

core::Result<std::uint64_t> mount_id_of(int fd) {
    const std::string path = "/proc/self/fdinfo/" + std::to_string(fd);
    const auto text = read_proc_file(path);
    if (text.has_error()) {
        return text.error();
    }
    constexpr std::string_view key = "mnt_id:\t";
    const std::size_t at = text->find(key);
    const auto id = at == std::string::npos
                        ? std::nullopt
                        : number_at_start(std::string_view(*text).substr(at + key.size()));
    if (!id) {
        return core::Error{core::Errc::malformed, path + " has no mnt_id"};
    }
    return *id;
}

core::Result<MountDirectory> MountDirectory::open(const core::Settings& settings, For purpose) {
    MountDirectory mount;
    mount.path_ = settings.mount.path;
    mount.fd_ =
        FileDescriptor(::open(mount.path_.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!mount.fd_) {
        return core::system_error(errno, "open directory", mount.path_);
    }
    const auto id = mount_id_of(mount.fd_.get());
    if (id.has_error()) {
        return id.error();
    }
    mount.mount_id_ = *id;
    auto entry = mount.find_verified(settings, purpose);
    if (entry.has_error()) {
        return entry.error();
    }
    mount.fstype_ = std::move(entry->fstype);
    return mount;
}

core::Result<void> MountDirectory::verify(const core::Settings& settings, For purpose) const {
    const auto entry = find_verified(settings, purpose);
    return entry.has_error() ? core::Result<void>(entry.error()) : core::Result<void>();
}

core::Result<core::MountEntry> MountDirectory::find_verified(const core::Settings& settings,
                                                             For purpose) const {
    const auto text = read_proc_file("/proc/self/mountinfo");
    if (text.has_error()) {
        return text.error();
    }
    auto uppermost = find_uppermost(*text, path_);
    if (!uppermost) {
        return core::Error{core::Errc::missing, path_ + ": not mounted"};
    }
    if (uppermost->id != mount_id_) {
        return core::Error{core::Errc::refused,
                           path_ + ": something else was mounted there meanwhile"};
    }
    if (purpose == For::reading) {
        uppermost->entry.read_only = false;
    }
    if (const auto refusal = core::mount_refusal(uppermost->entry, settings)) {
        return core::Error{core::Errc::refused, path_ + ": " + *refusal};
    }
    return std::move(uppermost->entry);
}

}  // namespace agent
