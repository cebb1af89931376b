// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/last_words_file.hpp"

#include "core/model/paths.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <optional>
#include <string>

#include "unit/agent/relink_support.hpp"

namespace agent {
namespace {

using namespace agent::testing;

const std::string id = "i-0123456789abcdef0";

class WriteLastWordsTest : public ::testing::Test {
   protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root";
        }
        settings.mount.path = (directory.path() / "Mail").string();
        settings.mount.fstypes = {"tmpfs"};
        mounted.emplace(settings.mount.path);
        agent_directory = settings.mount.path + "/" + core::agent_directory_name;
        file = agent_directory + "/last-words/" + id + ".json";
    }

    TemporaryDirectory directory;
    core::Settings settings;
    std::optional<PrivateMount> mounted;
    std::string agent_directory;
    std::string file;
};

TEST_F(WriteLastWordsTest, MakesTheFoldersAndAFileForRootAlone) {
    ASSERT_TRUE(write_last_words(settings, id, "{\"a\":1}"));
    EXPECT_EQ(read_file(file), "{\"a\":1}\n");
    EXPECT_EQ(entry_at(file).mode & 07777, 0600U);
    EXPECT_EQ(entry_at(agent_directory).mode & 07777, 0700U);
    EXPECT_EQ(entry_at(agent_directory + "/last-words").mode & 07777, 0700U);
}

TEST_F(WriteLastWordsTest, ReplacesTheFileAndLeavesNothingElse) {
    ASSERT_TRUE(write_last_words(settings, id, "a longer first word"));
    const Entry before = entry_at(file);
    fs::copy_file(file, agent_directory + "/last-words/" + id + ".json.new");
    ASSERT_TRUE(write_last_words(settings, id, "second"));
    EXPECT_EQ(read_file(file), "second\n");
    EXPECT_NE(entry_at(file).inode, before.inode) << "renamed, not overwritten";
    EXPECT_EQ(std::distance(fs::directory_iterator(agent_directory + "/last-words"), {}), 1);
}

TEST_F(WriteLastWordsTest, FollowsNoLink) {
    const std::string elsewhere = directory.path() / "elsewhere";
    std::ofstream(elsewhere) << "precious";
    ASSERT_TRUE(write_last_words(settings, id, "x"));
    fs::create_symlink(elsewhere, agent_directory + "/last-words/" + id + ".json.new");
    fs::remove(file);
    fs::create_symlink(elsewhere, file);
    ASSERT_TRUE(write_last_words(settings, id, "words"));
    EXPECT_EQ(read_file(elsewhere), "precious");
    EXPECT_FALSE(fs::is_symlink(file));

    fs::remove_all(agent_directory + "/last-words");
    fs::create_directory(directory.path() / "trap");
    fs::create_directory_symlink(directory.path() / "trap", agent_directory + "/last-words");
    const auto written = write_last_words(settings, id, "words");
    ASSERT_FALSE(written);
    EXPECT_TRUE(fs::is_empty(directory.path() / "trap"));
}

TEST_F(WriteLastWordsTest, WritesNothingBelowAPathThatIsNotMounted) {
    mounted.reset();
    const auto written = write_last_words(settings, id, "words");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().message, settings.mount.path + ": not mounted");
    EXPECT_TRUE(fs::is_empty(settings.mount.path));
}

}  // namespace
}  // namespace agent
