// SPDX-License-Identifier: Apache-2.0
#include "agent/base/atomic_file.hpp"

#include "agent/base/directory.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <iterator>

#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
   protected:
    [[nodiscard]] core::Result<void> write(std::string_view text, mode_t mode = 0600) const {
        return write_atomically({.name = path, .path = path, .mode = mode}, text);
    }
    [[nodiscard]] std::ptrdiff_t entries() const {
        return std::distance(fs::directory_iterator(directory.path()), {});
    }
    [[nodiscard]] std::string content() const {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    tests::TemporaryDirectory directory;
    std::string path = directory / "file";
};

TEST_F(AtomicFileTest, ReplacesTheFileAndLeavesNothingElse) {
    ASSERT_TRUE(write("a longer first text\n"));
    std::ofstream(path + ".new") << "the rest of an earlier try";
    ASSERT_TRUE(write("second\n"));
    EXPECT_EQ(content(), "second\n");
    EXPECT_EQ(entries(), 1);
}

TEST_F(AtomicFileTest, TheModeDoesNotDependOnTheUmask) {
    const mode_t before = ::umask(0077);
    for (const mode_t mode : {0600U, 0644U}) {
        ASSERT_TRUE(write("x", mode));
        struct stat status {};
        ASSERT_EQ(::stat(path.c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, mode);
    }
    ::umask(before);
}

TEST_F(AtomicFileTest, FollowsNoLinkAtEitherName) {
    const std::string precious = directory / "precious";
    std::ofstream(precious) << "precious";
    fs::create_symlink(precious, path);
    fs::create_symlink(precious, path + ".new");
    ASSERT_TRUE(write("x"));
    EXPECT_EQ(fs::file_size(precious), 8U);
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path)));
}

TEST_F(AtomicFileTest, AFailedWriteKeepsTheOldContentAndNothingElse) {
    ASSERT_TRUE(write("old"));
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlimit small{4, limit.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto written = write("longer than the limit allows");
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().message, "write " + path + ".new: File too large");
    EXPECT_EQ(content(), "old");
    EXPECT_EQ(entries(), 1);
}

TEST_F(AtomicFileTest, AMissingDirectoryIsMissing) {
    path = directory / "nowhere/file";
    EXPECT_EQ(write("x").error().code, core::Errc::missing);
}

TEST_F(AtomicFileTest, WritesBelowADirectoryThatIsOpen) {
    const auto parent = open_parent(path);
    ASSERT_TRUE(parent);
    for (const Stored stored : {Stored::by_server, Stored::by_sync}) {
        AtomicFile file{.directory = parent->directory.get(), .name = "file", .path = path};
        file.stored = stored;
        ASSERT_TRUE(write_atomically(file, "stored"));
        EXPECT_EQ(content(), "stored");
    }
}

}  // namespace
}  // namespace agent
