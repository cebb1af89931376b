// SPDX-License-Identifier: Apache-2.0
#include "agent/host/runtime_state.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

constexpr const char* mine = "i-0123456789abcdef0";
constexpr const char* other = "i-0fedcba9876543210";

class RuntimeStateTest : public ::testing::Test {
   protected:
    tests::TemporaryDirectory directory;
    RuntimeState memory{directory.path()};
};

TEST_F(RuntimeStateTest, KnowsOfNothingAtFirst) {
    EXPECT_FALSE(memory.worked(mine));
    EXPECT_FALSE(memory.worked("auto"));
    EXPECT_FALSE(memory.worked(""));
}

TEST_F(RuntimeStateTest, KnowsTheInstanceWhoseQueueWasLinked) {
    ASSERT_TRUE(memory.remember_worked(mine));
    EXPECT_TRUE(RuntimeState(directory.path()).worked(mine));
    EXPECT_FALSE(memory.worked(other)) << "another id was set since";
    struct stat status {};
    ASSERT_EQ(::stat((directory / "mount-worked").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0644U);
}

TEST_F(RuntimeStateTest, FollowsTheRememberedIdWhereTheSettingIsAuto) {
    ASSERT_TRUE(memory.remember_worked(mine));
    EXPECT_FALSE(memory.worked("auto")) << "the id is unknown";
    ASSERT_TRUE(memory.remember_id(mine));
    EXPECT_TRUE(memory.worked("auto"));
    ASSERT_TRUE(memory.remember_worked(other));
    EXPECT_FALSE(memory.worked("auto"));
}

TEST_F(RuntimeStateTest, KeepsTheFirstIdOfABoot) {
    ASSERT_TRUE(memory.remember_id(mine));
    EXPECT_TRUE(memory.remember_id(mine));
    const auto second = memory.remember_id(other);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message,
              (directory / "instance-id") +
                  " names i-0123456789abcdef0 since earlier in this boot, and is not changed "
                  "to i-0fedcba9876543210");
    EXPECT_FALSE(memory.remember_id("../elsewhere"));
}

TEST_F(RuntimeStateTest, IgnoresAFileWithoutAnId) {
    tests::write_file(directory / "instance-id", "");
    tests::write_file(directory / "mount-worked", "");
    EXPECT_FALSE(memory.worked("auto"));
    EXPECT_FALSE(memory.worked(""));
}

TEST_F(RuntimeStateTest, OpensThePlaceInTheLogForItsOwnerAlone) {
    const std::string path = directory / "log-position";
    FileDescriptor file = memory.open_log_position();
    ASSERT_TRUE(file);
    struct stat status {};
    ASSERT_EQ(::fstat(file.get(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    ASSERT_EQ(::pwrite(file.get(), "x", 1, 0), 1);
    file = memory.open_log_position();
    char kept = 0;
    EXPECT_EQ(::pread(file.get(), &kept, 1, 0), 1);
    EXPECT_EQ(kept, 'x');
    ASSERT_EQ(::unlink(path.c_str()), 0);
    ASSERT_EQ(::symlink("elsewhere", path.c_str()), 0);
    EXPECT_FALSE(memory.open_log_position());
    EXPECT_FALSE(RuntimeState("/nonexistent").open_log_position());
}

}  // namespace
}  // namespace agent
