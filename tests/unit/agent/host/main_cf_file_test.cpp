// SPDX-License-Identifier: Apache-2.0
#include "agent/host/main_cf_file.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

class MainCfFileTest : public ::testing::Test {
   protected:
    std::optional<std::string> log() {
        file.refresh(local);
        return file.path_named("maillog_file");
    }

    tests::TemporaryDirectory directory;
    std::string path = directory / "main.cf";
    LocalPaths local{""};
    MainCfFile file{path};
};

TEST_F(MainCfFileTest, AChangeOnTheDiskIsSeenAtTheNextLook) {
    EXPECT_EQ(log(), std::nullopt) << "there is no file";
    tests::write_file(path, "maillog_file = /var/log/a\n");
    EXPECT_EQ(log(), "/var/log/a");
    EXPECT_EQ(log(), "/var/log/a");
    tests::write_file(path, "maillog_file = /var/log/longer\n");
    EXPECT_EQ(log(), "/var/log/longer");
    std::filesystem::remove(path);
    EXPECT_EQ(log(), std::nullopt);
}

TEST_F(MainCfFileTest, AReplacingFileOfTheSameSizeAndTimeIsRead) {
    tests::write_file(path, "maillog_file = /var/log/a\n");
    EXPECT_EQ(log(), "/var/log/a");
    tests::write_file(directory / "new", "maillog_file = /var/log/b\n");
    std::filesystem::last_write_time(directory / "new", std::filesystem::last_write_time(path));
    std::filesystem::rename(directory / "new", path);
    EXPECT_EQ(log(), "/var/log/b");
}

TEST_F(MainCfFileTest, ARelativePathNamesNoFile) {
    for (const char* text :
         {"maillog_file =\n", "maillog_file = log\n", "maillog_file = ${x}/log\n", ""}) {
        tests::write_file(path, text);
        EXPECT_EQ(log(), std::nullopt) << text;
    }
}

TEST_F(MainCfFileTest, AFileBeyondTheBoundHasNoParameters) {
    tests::write_file(path, "maillog_file = /a\n" + std::string(1024 * 1024, '#'));
    EXPECT_EQ(log(), std::nullopt);
    tests::write_file(path, "maillog_file = /a\n" + std::string(1024 * 1024 - 18, '#'));
    EXPECT_EQ(log(), "/a");
}

TEST_F(MainCfFileTest, ANonRegularFileIsNotWaitedFor) {
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(log(), std::nullopt);
}

}  // namespace
}  // namespace agent
