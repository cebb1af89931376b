// SPDX-License-Identifier: Apache-2.0
// Which instance a mount worker may be made to work for: the server that asks is not trusted with
// the choice.
#include "agent/worker/mount_worker.hpp"

#include "agent/clients/worker_client.hpp"

#include <gtest/gtest.h>

#include <string>

#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

constexpr const char* mine = "i-0123456789abcdef0";
constexpr const char* other = "i-0fedcba9876543210";

class MountWorkerTest : public ::testing::Test {
   protected:
    core::Settings settings_for(const std::string& instance_id) const {
        core::Settings settings;
        settings.instance_id = instance_id;
        settings.mount.path =
            directory / "Mail";  // nothing is mounted there: whatever is asked, nothing is written
        settings.queue.link = directory / "postfix";
        settings.queue.skeleton = directory / "postfix_org";
        return settings;
    }

    static std::string ask(MountWorker& worker, const std::string& instance_id) {
        const auto reply = worker.handle(make_request(Operation::continue_relink, instance_id));
        return reply ? "taken" : reply.error().message;
    }

    tests::TemporaryDirectory directory;
};

TEST_F(MountWorkerTest, WorksForTheIdOfTheSettingsAlone) {
    MountWorker worker(settings_for(mine));
    EXPECT_EQ(ask(worker, other), "this instance is i-0123456789abcdef0, not i-0fedcba9876543210");
    EXPECT_EQ(ask(worker, mine), "taken");
}

TEST_F(MountWorkerTest, TakesOnlyAnIdOfEc2WhereTheSettingIsAuto) {
    MountWorker worker(settings_for("auto"));
    EXPECT_NE(ask(worker, "data-of-another-owner"), "taken");
    EXPECT_EQ(ask(worker, mine), "taken");
}

TEST_F(MountWorkerTest, StaysWithTheFirst) {
    MountWorker worker(settings_for("auto"));
    EXPECT_EQ(ask(worker, mine), "taken");
    EXPECT_EQ(ask(worker, other),
              "this worker works for i-0123456789abcdef0, not for i-0fedcba9876543210");
}

TEST_F(MountWorkerTest, IsNotTalkedOutOfItByAReload) {
    MountWorker worker(settings_for(mine));
    worker.apply(settings_for("auto"));
    EXPECT_EQ(ask(worker, other), "this instance is i-0123456789abcdef0, not i-0fedcba9876543210");
}

TEST_F(MountWorkerTest, KnowsNothingOfTheHostWorkersOperations) {
    MountWorker worker(settings_for(mine));
    const auto reply = worker.handle(make_request(Operation::open_maillog));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().message, "not an operation of the mount worker");
}

}  // namespace
}  // namespace agent
