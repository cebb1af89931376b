// SPDX-License-Identifier: Apache-2.0
#include "agent/relink/tree_copy.hpp"

#include "core/model/queue_layout.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>

namespace agent {
namespace {

constexpr std::size_t chunk = 256 * 1024;
constexpr mode_t mode_bits = 07777;

/// With a mask of 0 an entry has its mode from the start, which saves a chmod. Only root can
/// reach it.
class NoModeMask {
   public:
    NoModeMask() : before_(::umask(0)) {}
    NoModeMask(const NoModeMask&) = delete;
    NoModeMask& operator=(const NoModeMask&) = delete;
    ~NoModeMask() { ::umask(before_); }

   private:
    mode_t before_;
};

std::string kind_of(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFSOCK: return "socket";
        case S_IFIFO: return "FIFO";
        case S_IFCHR: return "character device";
        case S_IFBLK: return "block device";
        default: return "entry of an unknown type";
    }
}

std::string joined(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

std::array<timespec, 2> times_of(const struct stat& wanted) {
    return {wanted.st_atim, wanted.st_mtim};
}

bool same_owner(const struct stat& a, const struct stat& b) {
    return a.st_uid == b.st_uid && a.st_gid == b.st_gid;
}

}  // namespace

TreeCopy::TreeCopy(std::string source, Target target, Durability durability)
    : source_path_(std::move(source)), target_(std::move(target)), durability_(durability) {
}

core::Result<Slice> TreeCopy::continue_for(std::chrono::milliseconds budget) {
    const auto deadline = std::chrono::steady_clock::now() + budget;
    const NoModeMask no_mask;
    if (!begun_) {
        const auto begun = begin();
        if (begun.has_error()) {
            return begun.error();
        }
    }
    while (!levels_.empty()) {
        const auto advanced = advance();
        if (advanced.has_error()) {
            return advanced.error();
        }
        if (!levels_.empty() && std::chrono::steady_clock::now() >= deadline) {
            return Slice::more;
        }
    }
    buffer_.reset();
    return Slice::done;
}

core::Result<void> TreeCopy::begin() {
    begun_ = true;
    buffer_ = std::make_unique<char[]>(chunk);
    Level outside;
    outside.source = FileDescriptor(
        ::open(source_path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat wanted {};
    if (!outside.source || ::fstat(outside.source.get(), &wanted) != 0) {
        return source_failed(errno, "open directory", "");
    }
    if (::mkdirat(target_.directory, target_.name.c_str(), (wanted.st_mode & 0777) | 0700) != 0) {
        return failed(errno, "make directory", "");
    }
    Level root;
    root.source = std::move(outside.source);
    auto place = open_place(target_.directory, target_.name, target_.path);
    if (place.has_error()) {
        return place.error();
    }
    root.target = std::move(*place);
    root.wanted = wanted;
    if (::fstat(root.target.get(), &root.made) != 0) {
        return failed(errno, "stat", "");
    }
    // A set-group-ID bit that came from the directory above would give its group to all that is
    // made in here.
    if ((root.made.st_mode & S_ISGID) != 0) {
        const mode_t mode = root.made.st_mode & 0777;
        if (::fchmodat(root.target.get(), ".", mode, 0) != 0) {
            return failed(errno, "set mode of", "");
        }
        root.made.st_mode = (root.made.st_mode & S_IFMT) | mode;
    }
    auto entries = list_directory(root.source.get(), source_path_);
    if (entries.has_error()) {
        return entries.error();
    }
    root.entries = std::move(*entries);
    levels_.push_back(std::move(root));
    ++entries_;
    return {};
}

core::Result<void> TreeCopy::advance() {
    if (file_.target) {
        return copy_chunk();
    }
    Level& level = levels_.back();
    if (level.next == level.entries.size()) {
        return leave_directory();
    }
    const DirectoryEntry entry = level.entries[level.next++];
    return copy_entry(level, entry);
}

core::Result<void> TreeCopy::copy_entry(Level& level, const DirectoryEntry& entry) {
    struct stat wanted {};
    const std::string& name = entry.name;
    if (::fstatat(level.source.get(), name.c_str(), &wanted, AT_SYMLINK_NOFOLLOW) != 0) {
        return source_failed(errno, "stat", joined(level.path, name));
    }
    if (wanted.st_dev != level.wanted.st_dev) {
        leave_out(level, name, "entry on another file system");
        return {};
    }
    switch (wanted.st_mode & S_IFMT) {
        case S_IFDIR: return enter_directory(level, name, wanted);
        case S_IFREG: return begin_file(level, name, wanted);
        case S_IFLNK: return make_symlink(level, name, wanted);
        default: leave_out(level, name, kind_of(wanted.st_mode)); return {};
    }
}

bool TreeCopy::content_wanted(const Level& level) const {
    return levels_.size() != 2 || core::content_is_copied(core::classify_queue_entry(level.path));
}

core::Result<void> TreeCopy::enter_directory(Level& parent, const std::string& name,
                                             const struct stat& wanted) {
    Level level;
    level.path = joined(parent.path, name);
    level.wanted = wanted;
    if (levels_.size() == max_depth) {
        return core::Error{core::Errc::refused, "copy " + source_path_ + "/" + level.path +
                                                    ": more than " + std::to_string(max_depth) +
                                                    " directories deep"};
    }
    auto source = open_directory(parent.source.get(), name, source_path_ + "/" + level.path);
    if (source.has_error()) {
        return source.error();
    }
    level.source = std::move(*source);
    if (::mkdirat(parent.target.get(), name.c_str(), (wanted.st_mode & 0777) | 0700) != 0) {
        return failed(errno, "make directory", level.path);
    }
    auto place = open_place(parent.target.get(), name, target_.path + "/" + level.path);
    if (place.has_error()) {
        return place.error();
    }
    level.target = std::move(*place);
    if (::fstat(level.target.get(), &level.made) != 0) {
        return failed(errno, "stat", level.path);
    }
    ++entries_;
    levels_.push_back(std::move(level));  // `parent` is not valid from here on
    Level& entered = levels_.back();
    if (content_wanted(entered)) {
        auto entries = list_directory(entered.source.get(), source_path_ + "/" + entered.path);
        if (entries.has_error()) {
            return entries.error();
        }
        entered.entries = std::move(*entries);
    }
    return {};
}

core::Result<void> TreeCopy::leave_directory() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    const int fd = level.target.get();
    if (!same_owner(level.made, level.wanted) &&
        ::fchownat(fd, "", level.wanted.st_uid, level.wanted.st_gid, AT_EMPTY_PATH) != 0) {
        return failed(errno, "set owner of", level.path);
    }
    const mode_t mode = level.wanted.st_mode & mode_bits;
    if ((level.made.st_mode & mode_bits) != mode && ::fchmodat(fd, ".", mode, 0) != 0) {
        return failed(errno, "set mode of", level.path);
    }
    if (::utimensat(fd, ".", times_of(level.wanted).data(), 0) != 0) {
        return failed(errno, "set times of", level.path);
    }
    const auto synced = sync_left(level);
    if (synced.has_error()) {
        return synced;
    }
    const std::string where = source_path_ + (level.path.empty() ? "" : "/" + level.path);
    for (const LeftOut& left_out : level.left_out) {
        log_.push_back(left_out.count == 1
                           ? "left out " + where + "/" + left_out.first + " (" + left_out.kind + ")"
                           : "left out of " + where + ": " + std::to_string(left_out.count) +
                                 " of kind " + left_out.kind);
    }
    return {};
}

core::Result<void> TreeCopy::sync_left(const Level& level) const {
    const bool is_root = levels_.empty();
    if (durability_ == Durability::by_server && !is_root) {
        return {};
    }
    const FileDescriptor directory(
        ::openat(level.target.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) {
        return failed(errno, "sync directory", level.path);
    }
    return {};
}

core::Result<void> TreeCopy::make_symlink(Level& level, const std::string& name,
                                          const struct stat& wanted) {
    const std::string path = joined(level.path, name);
    std::array<char, PATH_MAX> text{};
    const ssize_t length =
        ::readlinkat(level.source.get(), name.c_str(), text.data(), text.size() - 1);
    if (length < 0) {
        return source_failed(errno, "read link", path);
    }
    if (::symlinkat(text.data(), level.target.get(), name.c_str()) != 0) {
        return failed(errno, "make link", path);
    }
    // A new entry belongs to the user of this process; what would give it another group is cleared
    // in begin().
    if ((wanted.st_uid != ::geteuid() || wanted.st_gid != ::getegid()) &&
        ::fchownat(level.target.get(), name.c_str(), wanted.st_uid, wanted.st_gid,
                   AT_SYMLINK_NOFOLLOW) != 0) {
        return failed(errno, "set owner of", path);
    }
    if (::utimensat(level.target.get(), name.c_str(), times_of(wanted).data(),
                    AT_SYMLINK_NOFOLLOW) != 0) {
        return failed(errno, "set times of", path);
    }
    ++entries_;
    return {};
}

core::Result<void> TreeCopy::begin_file(Level& level, const std::string& name,
                                        const struct stat& wanted) {
    file_.path = joined(level.path, name);
    file_.wanted = wanted;
    file_.source =
        FileDescriptor(::openat(level.source.get(), name.c_str(),
                                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file_.source) {
        return source_failed(errno, "open", file_.path);
    }
    const bool past_cache = durability_ == Durability::by_server;
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    file_.target = FileDescriptor(::openat(level.target.get(), name.c_str(),
                                           flags | (past_cache ? O_DSYNC : 0),
                                           static_cast<mode_t>(wanted.st_mode & 0777)));
    if (!file_.target) {
        return failed(errno, "make file", file_.path);
    }
    // Not at the open: that fails where the file system cannot, and has made the file by then.
    if (past_cache) {
        static_cast<void>(::fcntl(file_.target.get(), F_SETFL, O_DIRECT));
    }
    // Now, while the client still has the answer to the open: after a write it would have to ask
    // the server.
    if (::fstat(file_.target.get(), &file_.made) != 0) {
        return failed(errno, "stat", file_.path);
    }
    ++entries_;
    return {};
}

core::Result<void> TreeCopy::copy_chunk() {
    const ssize_t got = ::read(file_.source.get(), buffer_.get(), chunk);
    if (got < 0) {
        return source_failed(errno, "read", file_.path);
    }
    for (ssize_t written = 0; written < got;) {
        const ssize_t n = ::write(file_.target.get(), buffer_.get() + written,
                                  static_cast<std::size_t>(got - written));
        if (n < 0) {
            return failed(errno, "write", file_.path);
        }
        written += n;
    }
    // A regular file answers short only at its end: no need to ask again for it.
    return static_cast<std::size_t>(got) < chunk ? finish_file() : core::Result<void>();
}

core::Result<void> TreeCopy::finish_file() {
    const int fd = file_.target.get();
    const struct stat& wanted = file_.wanted;
    const struct stat& made = file_.made;
    if (!same_owner(made, wanted) && ::fchown(fd, wanted.st_uid, wanted.st_gid) != 0) {
        return failed(errno, "set owner of", file_.path);
    }
    if ((made.st_mode & mode_bits) != (wanted.st_mode & mode_bits) &&
        ::fchmod(fd, wanted.st_mode & mode_bits) != 0) {
        return failed(errno, "set mode of", file_.path);
    }
    if (::futimens(fd, times_of(wanted).data()) != 0) {
        return failed(errno, "set times of", file_.path);
    }
    file_.source.reset();
    if (durability_ == Durability::by_sync && ::fsync(fd) != 0) {
        return failed(errno, "sync", file_.path);
    }
    if (::close(file_.target.release()) != 0) {
        return failed(errno, "close", file_.path);
    }
    return {};
}

void TreeCopy::leave_out(Level& level, const std::string& name, const std::string& kind) {
    const auto same = std::ranges::find(level.left_out, kind, &LeftOut::kind);
    if (same == level.left_out.end()) {
        level.left_out.push_back({kind, name, 1});
    } else {
        ++same->count;
    }
}

core::Error TreeCopy::failed(int error_number, std::string_view action,
                             const std::string& path) const {
    return core::system_error(error_number, action,
                              path.empty() ? target_.path : target_.path + "/" + path);
}

core::Error TreeCopy::source_failed(int error_number, std::string_view action,
                                    const std::string& path) const {
    return core::system_error(error_number, action,
                              path.empty() ? source_path_ : source_path_ + "/" + path);
}

}  // namespace agent
