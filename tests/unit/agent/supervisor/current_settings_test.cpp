// SPDX-License-Identifier: Apache-2.0
#include "agent/supervisor/current_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

using testing::HasSubstr;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

class CurrentSettingsTest : public testing::Test {
   protected:
    CurrentSettings loaded(const std::string& text) {
        write(text);
        const config::LoadRequest request{.file = file_, .file_must_exist = true, .overrides = {}};
        return {request, config::load(request).value()};
    }
    void write(const std::string& text) { tests::write_file(file_, text); }

    tests::TemporaryDirectory folder_;
    std::string file_ = folder_ / "agent.json";
};

TEST_F(CurrentSettingsTest, AReloadReturnsTheTextOfTheNewSettings) {
    CurrentSettings settings = loaded(R"({"drain": {"delay": "1s"}})");
    write(R"({"drain": {"delay": "2s"}})");
    const auto text = settings.reload();
    ASSERT_TRUE(text);
    EXPECT_EQ(config::load_text(*text, "text", {}).value().settings.drain.delay,
              core::Duration(2000));
    EXPECT_EQ(settings.get().drain.delay, core::Duration(2000));
}

TEST_F(CurrentSettingsTest, AReloadWithoutAChangeReturnsNothing) {
    CurrentSettings settings = loaded(R"({"drain": {"delay": "1s"}})");
    CaptureStderr();
    EXPECT_FALSE(settings.reload());
    EXPECT_THAT(GetCapturedStderr(), HasSubstr("reload: nothing changed that takes effect now"));
}

TEST_F(CurrentSettingsTest, AReloadWithErrorsKeepsTheOldSettings) {
    CurrentSettings settings = loaded(R"({"drain": {"delay": "1s"}})");
    write(R"({"drain": {"delay": "soon"}})");
    CaptureStderr();
    EXPECT_FALSE(settings.reload());
    EXPECT_THAT(GetCapturedStderr(),
                HasSubstr("reload: the settings have errors; keeping the old ones"));
    EXPECT_EQ(settings.get().drain.delay, core::Duration(1000));
}

TEST_F(CurrentSettingsTest, AChangeThatNeedsARestartIsNamedAndNotApplied) {
    CurrentSettings settings = loaded(R"({"user": "nobody"})");
    write(R"({"user": "mail"})");
    CaptureStderr();
    EXPECT_FALSE(settings.reload());
    EXPECT_THAT(GetCapturedStderr(), HasSubstr("reload: user changed, which takes effect when"));
    EXPECT_EQ(settings.get().user, "nobody");
}

TEST_F(CurrentSettingsTest, TheFirstValidInstanceIdIsKeptAcrossReloads) {
    CurrentSettings settings = loaded("{}");
    CaptureStderr();
    EXPECT_FALSE(settings.keep_instance_id("../etc"));
    EXPECT_TRUE(settings.keep_instance_id("i-0123456789abcdef0"));
    EXPECT_FALSE(settings.keep_instance_id("i-0fedcba9876543210"));
    EXPECT_THAT(GetCapturedStderr(), HasSubstr("the server names an impossible instance id: "));
    write(R"({"drain": {"delay": "2s"}})");
    EXPECT_TRUE(settings.reload());
    EXPECT_EQ(settings.with_instance_id().instance_id, "i-0123456789abcdef0");
    EXPECT_EQ(settings.get().instance_id, "auto");
}

TEST_F(CurrentSettingsTest, AnIdInTheSettingsIsNotReplaced) {
    CurrentSettings settings = loaded(R"({"instance_id": "i-0123456789abcdef0"})");
    EXPECT_FALSE(settings.keep_instance_id("i-0fedcba9876543210"));
    EXPECT_EQ(settings.with_instance_id().instance_id, "i-0123456789abcdef0");
}

}  // namespace
}  // namespace agent
