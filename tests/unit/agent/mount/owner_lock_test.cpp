// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/owner_lock.hpp"

#include "agent/mount/agent_directory.hpp"
#include "agent/mount/owner_record.hpp"
#include "agent/relink/relink_steps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/agent/relink_support.hpp"

namespace agent {
namespace {

using namespace agent::testing;
using State = core::OwnershipFacts::State;

const std::string id = "i-0123456789abcdef0";

core::OwnerRecord host(const std::string& name, const std::string& boot,
                       const std::string& instance = id) {
    return {instance, boot, name, name, ""};
}

core::TimePoint at(int seconds) {
    return {core::WallTime(std::chrono::seconds(seconds)), core::BootTime(0)};
}

class OwnerLockTest : public ::testing::Test {
   protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root";
        }
        settings.mount.path = (directory.path() / "Mail").string();
        settings.mount.fstypes = {"tmpfs"};
        mounted.emplace(settings.mount.path);
        mount_again();
    }
    void mount_again() {
        auto opened = MountDirectory::open(settings);
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        mount.emplace(std::move(*opened));
        ASSERT_TRUE(make_agent_directory(mount->fd(), core::paths_for(settings, id)).has_value());
        file = core::paths_for(settings, id).owner_file;
    }
    State claim(OwnerLock& lock, int seconds = 1'700'000'000) {
        const auto claimed = lock.claim(*mount, at(seconds));
        EXPECT_TRUE(claimed.has_value()) << claimed.error().message;
        return claimed.has_value() ? claimed->state : State::error;
    }

    TemporaryDirectory directory;
    core::Settings settings;
    std::optional<PrivateMount> mounted;
    std::optional<MountDirectory> mount;
    fs::path file;
};

TEST_F(OwnerLockTest, ObservingTakesAndWritesNothing) {
    OwnerLock lock(host("mx1", "boot-1"));
    EXPECT_EQ(lock.observe(*mount).state, State::unclaimed);
    EXPECT_FALSE(lock.holds());
    EXPECT_FALSE(fs::exists(file));
}

TEST_F(OwnerLockTest, TheRecordIsOneBlockThatAPersonCanRead) {
    OwnerLock lock(host("mx1", "boot-1"));
    EXPECT_EQ(claim(lock), State::held);
    EXPECT_TRUE(lock.wrote());
    const std::string text = read_file(file);
    EXPECT_EQ(text.size(), 4096U);
    EXPECT_TRUE(text.starts_with(
        R"({"boot_id":"boot-1","hostname":"mx1","instance_id":"i-0123456789abcdef0",)"
        R"("nfs_client":"mx1","since":"2023-11-14T22:13:20Z"})"
        "   "));
    EXPECT_EQ(text.back(), '\n');
    EXPECT_EQ(entry_at(file).mode & 07777U, 0600U);
    const core::OwnershipFacts facts = lock.observe(*mount);
    EXPECT_EQ(facts.state, State::held);
    EXPECT_EQ(facts.holder.since, "2023-11-14T22:13:20Z");
}

TEST_F(OwnerLockTest, ARestartInTheSameBootWritesNothing) {
    std::optional<OwnerLock> lock(host("mx1", "boot-1"));
    claim(*lock);
    lock.emplace(host("mx1", "boot-1"));
    const Entry before = entry_at(file);
    EXPECT_EQ(lock->observe(*mount).state, State::unclaimed);
    EXPECT_EQ(claim(*lock, 1'700'000'999), State::held);
    EXPECT_FALSE(lock->wrote());
    EXPECT_EQ(claim(*lock, 1'700'001'999), State::held);
    EXPECT_EQ(entry_at(file), before);
}

TEST_F(OwnerLockTest, TheNextBootWritesItsName) {
    std::optional<OwnerLock> lock(host("mx1", "boot-1"));
    claim(*lock);
    lock.emplace(host("mx1", "boot-2"));
    EXPECT_EQ(claim(*lock), State::held);
    EXPECT_TRUE(lock->wrote());
    EXPECT_EQ(parse_owner_record(read_file(file)).boot_id, "boot-2");
}

TEST_F(OwnerLockTest, DistinguishesAnotherHostFromAnotherAgentOfThisHost) {
    OwnerLock first(host("mx1", "boot-1"));
    claim(first);
    OwnerLock elsewhere(host("mx2", "boot-2"));
    EXPECT_EQ(elsewhere.observe(*mount).state, State::held_elsewhere);
    EXPECT_EQ(elsewhere.observe(*mount).holder.hostname, "mx1");
    EXPECT_EQ(claim(elsewhere), State::held_elsewhere);
    EXPECT_FALSE(elsewhere.holds());
    OwnerLock here(host("mx1", "boot-1"));
    EXPECT_EQ(here.observe(*mount).state, State::held_here);
    EXPECT_EQ(claim(here), State::held_here);
    EXPECT_EQ(first.observe(*mount).state, State::held);
}

TEST_F(OwnerLockTest, ALockedFileWithGarbageIsHeldElsewhere) {
    OwnerLock first(host("mx1", "boot-1"));
    claim(first);
    write_file(file, "{\"instance_id\": 7}");
    OwnerLock second(host("mx1", "boot-1"));
    EXPECT_EQ(second.observe(*mount).state, State::held_elsewhere);
    EXPECT_EQ(second.observe(*mount).holder, core::OwnerRecord{});
}

TEST_F(OwnerLockTest, AnothersNameInTheFileMeansLost) {
    OwnerLock lock(host("mx1", "boot-1"));
    claim(lock);
    const OwnerBlock block = to_block(host("mx2", "boot-2"));
    write_file(file, std::string(block.bytes.data(), block.bytes.size()));
    const core::OwnershipFacts facts = lock.observe(*mount);
    EXPECT_EQ(facts.state, State::lost);
    EXPECT_EQ(facts.holder.hostname, "mx2");
    EXPECT_EQ(facts.error, file.string() + " now names another owner");
    EXPECT_EQ(claim(lock), State::lost);
}

TEST_F(OwnerLockTest, ARecordWithOurNfsClientNameNamesTheHostThatTookTheLock) {
    OwnerLock lock(host("mx1", "boot-1"));
    claim(lock);
    core::OwnerRecord twin = host("mx1", "boot-1");
    twin.boot_id = "boot-2";
    const OwnerBlock block = to_block(twin);
    write_file(file, std::string(block.bytes.data(), block.bytes.size()));
    const core::OwnershipFacts facts = lock.observe(*mount);
    EXPECT_EQ(facts.state, State::lost);
    ASSERT_TRUE(facts.shared_with);
    EXPECT_EQ(facts.shared_with->boot_id, "boot-2");
}

TEST_F(OwnerLockTest, AFileThatWasEmptiedOrRemovedIsLostAndCanBeClaimedAgain) {
    OwnerLock lock(host("mx1", "boot-1"));
    claim(lock);
    fs::resize_file(file, 0);
    EXPECT_EQ(lock.observe(*mount).state, State::lost);
    EXPECT_EQ(claim(lock), State::held);
    fs::remove(file);
    EXPECT_EQ(lock.observe(*mount).state, State::lost);
    EXPECT_EQ(lock.observe(*mount).error, file.string() + " was removed");
    EXPECT_EQ(claim(lock), State::held);
    EXPECT_TRUE(fs::exists(file));
}

TEST_F(OwnerLockTest, TheLatestLossesAreRemembered) {
    OwnerLock lock(host("mx1", "boot-1"));
    claim(lock);
    EXPECT_THAT(lock.observe(*mount).losses, ::testing::IsEmpty());
    for (const int second : {1, 5, 9, 700}) {
        fs::resize_file(file, 0);
        ASSERT_EQ(lock.observe(*mount).state, State::lost);
        const auto claimed = lock.claim(*mount, {core::WallTime(), std::chrono::seconds(second)});
        ASSERT_TRUE(claimed.has_value()) << claimed.error().message;
        EXPECT_EQ(claim(lock), State::held) << "which is no loss";
    }
    EXPECT_THAT(lock.observe(*mount).losses, ::testing::ElementsAre(5'000, 9'000, 700'000));
}

TEST_F(OwnerLockTest, ALockOnAMountThatWasReplacedDoesNotCount) {
    OwnerLock lock(host("mx1", "boot-1"));
    claim(lock);
    mounted.emplace(settings.mount.path);
    mount_again();
    EXPECT_EQ(lock.observe(*mount).state, State::unclaimed);
    EXPECT_EQ(claim(lock), State::held);
    EXPECT_TRUE(fs::exists(file));
}

TEST_F(OwnerLockTest, AnOwnerWithTheSameClientNameIsFoundWhileItLives) {
    std::vector<std::unique_ptr<OwnerLock>> others;
    for (int i = 0; i < 20; ++i) {
        const std::string name = "i-" + std::to_string(10'000'000 + i);
        others.push_back(
            std::make_unique<OwnerLock>(host(i == 3 ? "mx1" : name, "boot-" + name, name)));
        claim(*others.back());
    }
    OwnerLock dead(host("mx1", "boot-dead", "i-deadbeef"));
    claim(dead);
    dead = OwnerLock(host("mx1", "boot-dead", "i-deadbeef"));
    OwnerLock lock(host("mx1", "boot-1"));
    claim(lock);
    core::OwnershipFacts facts;
    for (int looks = 0; looks < 3 && !facts.shared_with; ++looks) {
        facts = lock.observe(*mount);
    }
    EXPECT_EQ(facts.state, State::held);
    ASSERT_TRUE(facts.shared_with.has_value());
    EXPECT_EQ(facts.shared_with->instance_id, "i-10000003");
    EXPECT_TRUE(lock.observe(*mount).shared_with.has_value());
    others[3].reset();
    EXPECT_FALSE(lock.observe(*mount).shared_with.has_value());
}

TEST_F(OwnerLockTest, ALinkInThePlaceOfTheFileIsNotFollowed) {
    const fs::path elsewhere = directory.path() / "passwd";
    write_file(elsewhere, "root");
    fs::create_symlink(elsewhere, file);
    OwnerLock lock(host("mx1", "boot-1"));
    EXPECT_TRUE(lock.claim(*mount, at(0)).has_error());
    EXPECT_EQ(read_file(elsewhere), "root");
    EXPECT_EQ(lock.observe(*mount).state, State::error);
}

TEST(OwnerRecord, ThisHostHasABootAndAName) {
    const core::OwnerRecord self = this_host(id);
    EXPECT_EQ(self.instance_id, id);
    EXPECT_EQ(self.boot_id.size(), 36U);
    EXPECT_FALSE(self.hostname.empty());
    EXPECT_TRUE(self.nfs_client.ends_with(self.hostname));
}

TEST(OwnerRecord, AnythingThatIsNotOneIsEmpty) {
    for (const char* text : {"", "{", "[]", "7", "{}", R"({"instance_id":"i"})", "\xff\xfe"}) {
        EXPECT_EQ(parse_owner_record(text), core::OwnerRecord{}) << text;
    }
    const core::OwnerRecord record{"i", "b", "h\n\"", "c", "s"};
    const OwnerBlock block = to_block(record);
    EXPECT_EQ(parse_owner_record({block.bytes.data(), block.bytes.size()}).hostname, "h?\"");
}

}  // namespace
}  // namespace agent
