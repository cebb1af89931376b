// SPDX-License-Identifier: Apache-2.0
#include "config/reload.hpp"

#include "config/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "unit/config/random_settings.hpp"
#include "unit/config/support.hpp"

using namespace std::chrono_literals;
using test::settings_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ReloadOfSettings, TheKeysThatNeedARestartAreThese) {
    std::vector<std::string_view> keys;
    for (const config::Key& key : config::schema()) {
        if (key.reload == config::Reload::restart) {
            keys.push_back(key.path);
        }
    }
    EXPECT_THAT(keys, ElementsAre("listen.address", "listen.port", "listen.connections_per_source",
                                  "instance_id", "imds.endpoint", "mount.path", "queue.link",
                                  "queue.skeleton", "user"));
}

TEST(ReloadOfSettings, AppliesWhatIsLiveAndNamesWhatWaits) {
    const core::Settings before;
    const core::Settings after =
        settings_of("{}", {"listen.port=1", "mount.path=/m", "mount.deadline=1s",
                           "checks.fail_after=3", "user=mail"});
    EXPECT_THAT(config::changed_needing_restart(before, after),
                ElementsAre("listen.port", "mount.path", "user"));
    const core::Settings applied = config::apply_reload(before, after).value();
    EXPECT_EQ(applied.listen.port, 8025);
    EXPECT_EQ(applied.mount.path, "/Mail");
    EXPECT_EQ(applied.user, "auto");
    EXPECT_EQ(applied.mount.deadline, 1s);
    EXPECT_EQ(applied.checks.fail_after, 3);
    EXPECT_THAT(config::changed_needing_restart(before, applied), IsEmpty());
}

TEST(ReloadOfSettings, AnImpossibleCombinationIsRefused) {
    const core::Settings after = settings_of("{}", {"mount.path=/m", "maillog.path=/Mail/log"});
    const auto applied = config::apply_reload({}, after);
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message,
                HasSubstr("maillog.path: \"/Mail/log\" is inside mount.path \"/Mail\""));
}

TEST(ReloadOfSettings, EveryKeyComesFromOneSideOrTheOther) {
    test::RandomSettings random(22);
    for (int i = 0; i < 300; ++i) {
        const core::Settings before = settings_of("{}", random.overrides());
        const core::Settings after = settings_of("{}", random.overrides());
        const auto applied = config::apply_reload(before, after);
        if (!applied) {
            continue;
        }
        for (const config::Key& key : config::schema()) {
            const core::Settings& expected = key.reload == config::Reload::live ? after : before;
            EXPECT_EQ(key.get(*applied), key.get(expected)) << key.path;
        }
    }
}
