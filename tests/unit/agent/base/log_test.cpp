// SPDX-License-Identifier: Apache-2.0
#include "agent/base/log.hpp"

#include "agent/base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

namespace agent {
namespace {

TEST(Log, KnowsTheJournalsStreamByItsDeviceAndInode) {
    const FileDescriptor file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    struct stat status {};
    ASSERT_EQ(::fstat(file.get(), &status), 0);
    const std::string device = std::to_string(status.st_dev);
    const std::string inode = std::to_string(status.st_ino);
    EXPECT_TRUE(is_journal_stream(file.get(), (device + ":" + inode).c_str()));
    EXPECT_FALSE(is_journal_stream(file.get(), (device + ":" + inode + "1").c_str()));
    EXPECT_FALSE(is_journal_stream(file.get(), (inode + ":" + device).c_str()));
    EXPECT_FALSE(is_journal_stream(file.get(), ""));
    EXPECT_FALSE(is_journal_stream(file.get(), nullptr));
    EXPECT_FALSE(is_journal_stream(-1, (device + ":" + inode).c_str()));
}

}  // namespace
}  // namespace agent
