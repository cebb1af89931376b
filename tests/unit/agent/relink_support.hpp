// SPDX-License-Identifier: Apache-2.0
// Shared by the tests of the relink: a private directory, a tmpfs in a private mount namespace, a
// skeleton like Debian's, and trees that can be compared entry by entry.
#pragma once

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <string>

namespace agent::testing {

namespace fs = std::filesystem;

/// The attributes of an entry that a copy must keep, and those that change when it is written to.
struct Entry {
    mode_t mode = 0;  ///< type included
    uid_t user = 0;
    gid_t group = 0;
    std::int64_t mtime_ns = 0;
    nlink_t links = 0;    ///< 0 for directories
    std::string content;  ///< of a file; the text of a link

    // not kept by a copy
    ino_t inode = 0;
    std::int64_t ctime_ns = 0;

    [[nodiscard]] bool same_copy(const Entry& other) const {
        return mode == other.mode && user == other.user && group == other.group &&
               mtime_ns == other.mtime_ns && links == other.links && content == other.content;
    }
    bool operator==(const Entry&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Entry& entry) {
    return out << std::oct << entry.mode << std::dec << ' ' << entry.user << ':' << entry.group
               << " links " << entry.links << " mtime " << entry.mtime_ns << " \"" << entry.content
               << '"';
}

using Tree = std::map<std::string, Entry>;

inline std::int64_t nanoseconds(const timespec& time) {
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

inline std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline Entry entry_at(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    Entry entry{status.st_mode,
                status.st_uid,
                status.st_gid,
                nanoseconds(status.st_mtim),
                S_ISDIR(status.st_mode) ? 0 : status.st_nlink,
                {},
                status.st_ino,
                nanoseconds(status.st_ctim)};
    if (S_ISLNK(status.st_mode)) {
        entry.content = fs::read_symlink(path).string();
    } else if (S_ISREG(status.st_mode)) {
        entry.content = read_file(path);
    }
    return entry;
}

/// By relative path; the root is ".".
inline Tree tree_at(const fs::path& root) {
    Tree tree{{".", entry_at(root)}};
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        tree.emplace(entry.path().lexically_relative(root).string(), entry_at(entry.path()));
    }
    return tree;
}

inline void expect_same_copy(const Tree& wanted, const Tree& made) {
    for (const auto& [path, entry] : wanted) {
        const auto found = made.find(path);
        if (found == made.end()) {
            ADD_FAILURE() << path << " is missing";
        } else {
            EXPECT_TRUE(entry.same_copy(found->second))
                << path << "\nwanted " << entry << "\nis     " << found->second;
        }
    }
    for (const auto& [path, entry] : made) {
        EXPECT_TRUE(wanted.contains(path)) << path << " is too much: " << entry;
    }
}

class TemporaryDirectory {
   public:
    TemporaryDirectory() {
        std::string name = (fs::temp_directory_path() / "pea-relink-XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] const fs::path& path() const { return path_; }

   private:
    fs::path path_;
};

/// From the first call on this process has a mount namespace of its own, from which nothing gets
/// out.
inline bool enter_private_mounts() {
    static const bool entered = ::unshare(CLONE_NEWNS) == 0 &&
                                ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    return entered;
}

/// A tmpfs at a directory of this process's private mount namespace.
class PrivateMount {
   public:
    explicit PrivateMount(fs::path path, const char* options = "mode=755",
                          const char* source = "test:/")
        : path_(std::move(path)) {
        fs::create_directories(path_);
        EXPECT_TRUE(enter_private_mounts()) << std::strerror(errno);
        EXPECT_EQ(::mount(source, path_.c_str(), "tmpfs", 0, options), 0) << std::strerror(errno);
    }
    PrivateMount(const PrivateMount&) = delete;
    PrivateMount& operator=(const PrivateMount&) = delete;
    ~PrivateMount() { unmount(); }
    void unmount() {
        if (!path_.empty()) {
            EXPECT_EQ(::umount2(path_.c_str(), MNT_DETACH), 0);
            path_.clear();
        }
    }

   private:
    fs::path path_;
};

inline void write_file(const fs::path& path, const std::string& content, mode_t mode = 0644,
                       uid_t user = 0, gid_t group = 0) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    EXPECT_EQ(::chown(path.c_str(), user, group), 0);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
}

inline void make_directory(const fs::path& path, mode_t mode, uid_t user, gid_t group) {
    fs::create_directories(path);
    EXPECT_EQ(::chown(path.c_str(), user, group), 0);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
}

inline void make_socket(const fs::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.string().size(), sizeof address.sun_path);
    std::strcpy(address.sun_path, path.c_str());
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(socket);
}

inline void set_old_times(const fs::path& root) {
    std::int64_t second = 1'600'000'000;
    const auto set = [&](const fs::path& path) {
        const timespec times[2] = {{second, 0}, {second, 123'456'000}};
        second += 17;
        EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
    };
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        set(entry.path());
    }
    set(root);
}

constexpr uid_t postfix = 4102;
constexpr gid_t postdrop = 4106;

/// The directories of a fresh Debian 12 queue: hold and trace are not there yet.
inline void make_queue_directories(const fs::path& root) {
    make_directory(root, 0755, 0, 0);
    for (const char* name : {"active", "bounce", "corrupt", "defer", "deferred", "flush",
                             "incoming", "private", "saved"}) {
        make_directory(root / name, 0700, postfix, 0);
    }
    make_directory(root / "maildrop", 01730, postfix, postdrop);
    make_directory(root / "public", 02710, postfix, postdrop);
    make_directory(root / "pid", 0755, 0, 0);
}

/// What belongs to every copy of the skeleton.
inline void make_chroot(const fs::path& root) {
    write_file(root / "restart", "", 0600);
    write_file(root / "etc/hosts", "127.0.0.1 localhost\n");
    write_file(root / "etc/secret", "s", 0440, postfix, postdrop);
    write_file(root / "usr/lib/zoneinfo/big", std::string(700'001, 'z'));
    write_file(root / "usr/bin/odd", "odd", 06755, postfix, postdrop);
    write_file(root / "lib/libnss.so.2", "elf");
    fs::create_symlink("libnss.so.2", root / "lib/libnss.so");
    fs::create_symlink("/nowhere/at/all", root / "etc/localtime");
    EXPECT_EQ(::lchown((root / "etc/localtime").c_str(), postfix, postdrop), 0);
    make_directory(root / "dev", 0755, 0, 0);
    make_directory(root / "closed", 0, postfix, postdrop);
}

/// What must not come into any copy.
inline void add_baked_in_leftovers(const fs::path& root) {
    write_file(root / "active/60B27201DD", "mail", 0700, postfix);
    write_file(root / "deferred/6/60B27201DE", "mail", 0700, postfix);
    write_file(root / "defer/6/60B27201DE", "log", 0600, postfix);
    write_file(root / "maildrop/60B27201DF", "mail", 0744, postfix, postdrop);
    write_file(root / "deferred/.nfs0001", "not counted", 0700, postfix);
    write_file(root / "pid/master.pid", "                              77\n", 0600);
    make_socket(root / "private/smtp");
    make_socket(root / "private/bounce");
    make_socket(root / "dev/log");
    EXPECT_EQ(::mkfifo((root / "public/qmgr").c_str(), 0622), 0);
    EXPECT_EQ(::mknod((root / "dev/urandom").c_str(), S_IFCHR | 0666, makedev(1, 9)), 0);
}

}  // namespace agent::testing
