// SPDX-License-Identifier: Apache-2.0
#include "agent/host/user_data.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

using core::UserData;
namespace fs = std::filesystem;

class UserDataTest : public ::testing::Test {
   protected:
    void touch(const char* name) { std::ofstream(directory / name).put('\n'); }

    tests::TemporaryDirectory directory;
};

TEST_F(UserDataTest, WithoutCloudInitNoneIsExpected) {
    EXPECT_EQ(observe_user_data(directory / "cloud-init"), UserData::not_expected);
    EXPECT_EQ(observe_user_data(directory / ""), UserData::not_expected);
}

TEST_F(UserDataTest, OfADisabledCloudInitNoneIsExpected) {
    touch("disabled");
    EXPECT_EQ(observe_user_data(directory / ""), UserData::not_expected);
    touch("enabled");
    EXPECT_EQ(observe_user_data(directory / ""), UserData::not_expected)
        << "disabled wins, as for cloud-init status";
}

TEST_F(UserDataTest, RunsUntilTheLastStageLeftItsResult) {
    touch("enabled");
    EXPECT_EQ(observe_user_data(directory / ""), UserData::running);
    fs::create_symlink("/nonexistent/result.json", directory / "result.json");
    EXPECT_EQ(observe_user_data(directory / ""), UserData::done) << "the link itself says so";
}

}  // namespace
}  // namespace agent
