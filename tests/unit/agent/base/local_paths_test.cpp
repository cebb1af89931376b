// SPDX-License-Identifier: Apache-2.0
#include "agent/base/local_paths.hpp"

#include "agent/base/small_file.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "unit/agent/silent_mount.hpp"
#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

namespace fs = std::filesystem;

class LocalPathsTest : public ::testing::Test {
   protected:
    /// A mount table with one entry.
    LocalPaths with(const std::string& mount_point, const std::string& fstype) const {
        return LocalPaths("27 1 254:0 / / rw - ext4 /dev/vda rw\n40 27 0:40 / " + mount_point +
                          " rw - " + fstype + " srv:/ rw\n");
    }

    tests::TemporaryDirectory directory;
    LocalPaths all_local{""};
};

TEST_F(LocalPathsTest, EveryLinkOnTheWayIsFollowed) {
    fs::create_directories(directory / "a/b");
    tests::write_file(directory / "a/b/file", "x");
    fs::create_symlink("a", directory / "relative");
    fs::create_symlink(directory / "relative/b", directory / "absolute");
    fs::create_symlink("../b/./file", directory / "a/b/up");
    const std::string file = directory / "a/b/file";
    EXPECT_EQ(all_local.resolve(file).value(), file);
    EXPECT_EQ(all_local.resolve(directory / "absolute/file").value(), file);
    EXPECT_EQ(all_local.resolve(directory / "absolute//up").value(), file);
    EXPECT_EQ(all_local.resolve(directory / "a/../relative/b/").value(), directory / "a/b");
    EXPECT_EQ(all_local.resolve("/").value(), "/");
    EXPECT_EQ(all_local.resolve("/../..").value(), "/");
}

TEST_F(LocalPathsTest, WhatIsLocatedIsTheFileItself) {
    tests::write_file(directory / "file", "x");
    fs::create_symlink("file", directory / "link");
    struct stat through {
    }, file{};
    const auto place = all_local.locate(directory / "link");
    ASSERT_TRUE(place);
    ASSERT_EQ(::fstat(place->get(), &through), 0);
    ASSERT_EQ(::stat((directory / "file").c_str(), &file), 0);
    EXPECT_EQ(through.st_ino, file.st_ino);
}

TEST_F(LocalPathsTest, WhatIsNotThereIsMissing) {
    tests::write_file(directory / "file", "x");
    fs::create_symlink("nowhere", directory / "dangling");
    for (const char* name : {"nothing", "dangling", "file/below"}) {
        const auto resolved = all_local.resolve(directory / name);
        ASSERT_FALSE(resolved) << name;
        EXPECT_EQ(resolved.error().code, core::Errc::missing) << name;
    }
}

TEST_F(LocalPathsTest, ALoopOfLinksEnds) {
    fs::create_symlink("loop", directory / "loop");
    const auto resolved = all_local.resolve(directory / "loop");
    ASSERT_FALSE(resolved);
    EXPECT_EQ(resolved.error().message,
              "open " + (directory / "loop") + ": Too many levels of symbolic links");
}

TEST_F(LocalPathsTest, NothingBelowANetworkFileSystemIsResolved) {
    fs::create_directories(directory / "mail/deep");
    fs::create_symlink(directory / "mail/deep", directory / "link");
    for (const char* fstype : {"nfs", "nfs4", "cifs", "fuse", "fuse.sshfs", "autofs"}) {
        const LocalPaths local = with(directory / "mail", fstype);
        for (const char* name : {"mail", "mail/deep", "link", "mail/deep/../.."}) {
            const auto resolved = local.resolve(directory / name);
            ASSERT_FALSE(resolved) << fstype << ' ' << name;
            EXPECT_EQ(resolved.error().code, core::Errc::refused);
            EXPECT_EQ(resolved.error().message,
                      (directory / name) + " is on a network file system, which may hang");
        }
        EXPECT_TRUE(local.resolve(directory.path())) << "beside it all is well";
    }
    for (const char* fstype : {"ext4", "xfs", "tmpfs", "overlay", "btrfs"}) {
        EXPECT_TRUE(with(directory / "mail", fstype).resolve(directory / "link")) << fstype;
    }
}

TEST_F(LocalPathsTest, OfMountsThatAreStackedTheUppermostCounts) {
    fs::create_directories(directory / "mail");
    const std::string nfs = "40 27 0:40 / " + (directory / "mail") + " rw - nfs4 srv:/ rw\n";
    const std::string tmpfs = "41 40 0:41 / " + (directory / "mail") + " rw - tmpfs tmpfs rw\n";
    EXPECT_TRUE(LocalPaths(nfs + tmpfs).resolve(directory / "mail"));
    EXPECT_FALSE(LocalPaths(tmpfs + nfs).resolve(directory / "mail"));
}

TEST_F(LocalPathsTest, AMountThatNeverAnswersDoesNotBlock) {
    const testing::SilentMount mount(directory / "mail");
    if (!mount.works()) {
        GTEST_SKIP() << "no FUSE here";
    }
    fs::create_symlink(directory / "mail/i-1/lib", directory / "link");
    const LocalPaths local(read_proc_file("/proc/self/mountinfo").value());
    for (const char* name : {"mail", "mail/i-1/lib", "link", "link/master.lock"}) {
        const auto place = local.locate(directory / name);
        ASSERT_FALSE(place) << name;
        EXPECT_EQ(place.error().code, core::Errc::refused) << name;
    }
}

}  // namespace
}  // namespace agent
