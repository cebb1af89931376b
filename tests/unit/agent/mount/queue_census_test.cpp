// SPDX-License-Identifier: Apache-2.0
#include "agent/mount/queue_census.hpp"

#include <gmock/gmock.h>

#include <sys/time.h>

#include <chrono>
#include <thread>

#include "unit/agent/relink_support.hpp"

namespace agent {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using core::MailQueue;
using testing::PrivateMount;
using testing::TemporaryDirectory;
using testing::write_file;

constexpr const char* instance = "i-0123456789abcdef0";
constexpr const char* long_id = "4jXRTW1KpQzyc8";  // arrived at 1795346463.188
constexpr core::WallTime long_id_arrived{1'795'346'463'188ms};

core::WallTime wall_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

/// A queue file that arrived at that second, as Postfix begins it.
std::string queue_file(std::int64_t arrival, std::size_t size = 200) {
    const std::string time = std::to_string(arrival) + " 161309";
    std::string text =
        std::string("C\x5f") + std::string(95, ' ') + "T" + static_cast<char>(time.size()) + time;
    text.resize(std::max(size, text.size()), 'x');
    return text;
}

/// An empty file, quickly.
void write_name(const fs::path& place, const std::string& name) {
    fs::create_directories(place);
    ASSERT_EQ(::mknod((place / name).c_str(), S_IFREG | 0700, 0), 0);
}

class CensusTest : public ::testing::Test {
   protected:
    CensusTest() : mount(directory.path() / "Mail"), queue(directory.path() / "Mail" / instance) {
        settings.mount.path = (directory.path() / "Mail").string();
        settings.mount.fstypes = {"tmpfs"};
        settings.census.budget = 1'000'000;
        fs::create_directory(queue);
    }

    void put(const std::string& path,
             const std::string& content = queue_file(1'700'000'000)) const {
        write_file(queue / path, content, 0700);
    }

    /// Until it has ended, or cannot go on.
    core::Result<core::QueueCensus> take(std::chrono::milliseconds slice = 100ms) {
        Census census(settings, instance);
        for (slices = 1;; ++slices) {
            auto progress = census.continue_for(settings, slice);
            if (!progress) {
                return progress.error();
            }
            if (progress->census) {
                return *progress->census;
            }
            std::this_thread::sleep_for(progress->pause);
        }
    }

    std::string error() {
        const auto census = take();
        return census ? "counted" : census.error().message;
    }

    TemporaryDirectory directory;
    PrivateMount mount;
    fs::path queue;
    core::Settings settings;
    int slices = 0;
};

std::vector<std::uint64_t> messages(const core::QueueCensus& census) {
    std::vector<std::uint64_t> counts;
    for (const MailQueue queue : core::all_mail_queues()) {
        counts.push_back(census.of(queue).messages);
    }
    return counts;
}

TEST_F(CensusTest, EveryQueueIsCountedAndSoIsWhatLiesInDirectoriesOfHashes) {
    put("incoming/60B2720001");
    put("active/60B2720002");
    put("active/60B2720003");
    put("deferred/6/60B2720004");
    put("deferred/6/0/60B2720005");
    put("deferred/A/60B2720006");
    put("hold/" + std::string(long_id));
    put("maildrop/60B2720007");
    put("corrupt/60B2720008");
    put("bounce/60B2720009");  // the log of a message, not a message
    put("defer/6/60B2720004");
    const auto census = take();
    ASSERT_TRUE(census);
    EXPECT_THAT(messages(*census), ::testing::ElementsAre(1, 2, 3, 1, 1, 1));
    EXPECT_TRUE(census->complete);
    EXPECT_EQ(census->error, "");
}

TEST_F(CensusTest, AQueueWithoutADirectoryIsEmpty) {
    fs::create_directory(queue / "deferred");
    const auto census = take();
    ASSERT_TRUE(census);
    EXPECT_THAT(messages(*census), ::testing::Each(0));
    EXPECT_TRUE(census->complete);
    EXPECT_EQ(census->of(MailQueue::deferred).oldest_arrival, std::nullopt);
}

TEST_F(CensusTest, WhatIsNoMessageIsNotCounted) {
    put("deferred/.nfs00000000000201dd00000001");
    put("deferred/523.12345");
    put("deferred/core-dump");
    put("deferred/7");                 // a file where Postfix looks for a directory
    put("deferred/saved/60B2720001");  // a directory that is none of Postfix's
    fs::create_symlink("60B2720001", queue / "deferred/60B2720002");
    ASSERT_EQ(::mkfifo((queue / "deferred/60B2720003").c_str(), 0600), 0);
    const auto census = take();
    ASSERT_TRUE(census);
    EXPECT_THAT(messages(*census), ::testing::Each(0));
}

TEST_F(CensusTest, NoSymbolicLinkIsFollowed) {
    put("elsewhere/60B2720001");
    put("deferred/60B2720002");
    fs::create_symlink("../elsewhere", queue / "deferred/A");
    fs::create_symlink("elsewhere", queue / "hold");
    const auto census = take();
    ASSERT_TRUE(census);
    EXPECT_THAT(messages(*census), ::testing::ElementsAre(0, 0, 1, 0, 0, 0));
    EXPECT_FALSE(census->complete) << "a link in the place of a queue is not an empty queue";
    EXPECT_THAT(census->error, ::testing::HasSubstr((queue / "hold").string()));
    fs::rename(queue, directory.path() / "Mail/other");
    fs::create_symlink("other", queue);
    EXPECT_EQ(error(), "open directory " + queue.string() + ": Not a directory");
}

TEST_F(CensusTest, TheAgeComesFromALongIdWithoutOpeningTheFile) {
    put("deferred/4/" + std::string(long_id), "no queue file");
    const auto census = take();
    ASSERT_TRUE(census);
    EXPECT_EQ(census->of(MailQueue::deferred).oldest_arrival, long_id_arrived);
    EXPECT_EQ(census->of(MailQueue::deferred).ages_sampled, 1U);
    // The queue's directory; 6 queues, of which 5 are not there; their two directories read to the
    // end; the two opened once more for the sample, and its stat.
    EXPECT_EQ(census->operations, 1U + 6 + 1 + 4 + 2 + 1);
}

TEST_F(CensusTest, AShortIdTakesItsAgeFromTheArrivalRecordAndNeverFromTheTimeOfTheFile) {
    put("deferred/6/60B2720001", queue_file(1'700'000'000));
    put("deferred/6/60B2720002", queue_file(1'500'000'000));
    const timeval next_attempt[2] = {{1'900'000'000, 0}, {1'900'000'000, 0}};
    for (const char* name : {"60B2720001", "60B2720002"}) {
        ASSERT_EQ(::utimes((queue / "deferred/6" / name).c_str(), next_attempt), 0);
    }
    const auto census = take();
    ASSERT_TRUE(census);
    const core::QueueFigures& deferred = census->of(MailQueue::deferred);
    EXPECT_EQ(deferred.ages_sampled, 2U);
    EXPECT_EQ(deferred.oldest_arrival, core::WallTime(1'500'000'000'161ms));
    EXPECT_EQ(deferred.ages[7], 1U);
    EXPECT_EQ(deferred.ages[8], 1U);
}

TEST_F(CensusTest, WhatIsStillBeingWrittenArrivedWhenItsFileWasMade) {
    const timeval then[2] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
    for (const char* path : {"incoming/60B2720001", "maildrop/60B2720002", "active/60B2720003",
                             "corrupt/60B2720004"}) {
        put(path, "");
        ASSERT_EQ(::utimes((queue / path).c_str(), then), 0);
    }
    const auto census = take();
    ASSERT_TRUE(census);
    EXPECT_EQ(census->of(MailQueue::incoming).oldest_arrival, core::WallTime(1'700'000'000s));
    EXPECT_EQ(census->of(MailQueue::maildrop).oldest_arrival, core::WallTime(1'700'000'000s));
    EXPECT_EQ(census->of(MailQueue::active).ages_sampled, 0U);
    EXPECT_EQ(census->of(MailQueue::corrupt).ages_sampled, 0U);
    EXPECT_TRUE(census->complete);
}

TEST_F(CensusTest, BytesOfAFewAreExact) {
    put("hold/60B2720001", queue_file(1'700'000'000, 1000));
    put("hold/60B2720002", queue_file(1'700'000'000, 23456));
    const auto census = take();
    ASSERT_TRUE(census);
    EXPECT_EQ(census->of(MailQueue::hold).bytes, 24456U);
    EXPECT_EQ(census->of(MailQueue::hold).bytes_sampled, 2U);
}

TEST_F(CensusTest, OfManyAFewAreLookedAt) {
    constexpr int many = 3000;
    const std::int64_t hour_ago = wall_now().time_since_epoch() / 1s - 3600;
    for (int i = 0; i < many; ++i) {
        put("deferred/" + std::to_string(i % 10) + "/60B2" + std::to_string(700000 + i),
            queue_file(hour_ago, 500));
    }
    const auto census = take();
    ASSERT_TRUE(census);
    const core::QueueFigures& deferred = census->of(MailQueue::deferred);
    EXPECT_EQ(deferred.messages, std::uint64_t{many});
    EXPECT_EQ(deferred.bytes, std::uint64_t{many} * 500);
    EXPECT_LE(deferred.bytes_sampled, core::samples_per_queue);
    EXPECT_GT(deferred.bytes_sampled, core::samples_per_queue / 3);
    EXPECT_EQ(core::ages_of_all(deferred)[3], std::uint64_t{many});
    EXPECT_LT(census->operations, 4 * core::samples_per_queue + 100);
}

TEST_F(CensusTest, ASliceThatHasUsedUpItsBudgetReturnsAndSaysHowLongToWait) {
    settings.census.budget = 100;
    for (int i = 0; i < 10; ++i) {
        put("hold/60B272000" + std::to_string(i));
    }
    Census census(settings, instance);
    const auto begin = std::chrono::steady_clock::now();
    const auto progress = census.continue_for(settings, 1h);
    ASSERT_TRUE(progress);
    EXPECT_FALSE(progress->census);
    EXPECT_GE(progress->operations, 10U);  // what comes in a tenth of a second
    EXPECT_LE(progress->operations, 10U + 4);
    EXPECT_GT(progress->pause, 50ms);
    EXPECT_LE(progress->pause, 150ms);

    const auto finished = take();
    ASSERT_TRUE(finished);
    EXPECT_EQ(finished->of(MailQueue::hold).messages, 10U);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const auto in_sum = static_cast<double>(progress->operations + finished->operations);
    EXPECT_LE(in_sum, 100 * took.count() + 2 * (10 + 4));
    EXPECT_GE(slices, 4);
}

TEST_F(CensusTest, AReloadedBudgetCountsFromTheNextSlice) {
    settings.census.budget = 1;
    put("hold/60B2720001");
    Census census(settings, instance);
    ASSERT_FALSE(census.continue_for(settings, 1h)->census);
    settings.census.budget = 1'000'000;
    std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(census.continue_for(settings, 1h)->census);
}

TEST_F(CensusTest, ASliceEndsInTimeAndTheNextGoesOn) {
    constexpr int many = 20000;
    for (int i = 0; i < many; ++i) {
        write_name(queue / "hold", "60B27" + std::to_string(100000 + i));
    }
    const auto census = take(1ms);
    ASSERT_TRUE(census);
    EXPECT_EQ(census->of(MailQueue::hold).messages, std::uint64_t{many});
    EXPECT_GT(slices, 1);
}

TEST_F(CensusTest, NothingIsChangedNotEvenATimeOfAccess) {
    put("deferred/6/60B2720001");
    put("hold/60B2720002");
    const timespec old[2] = {{1'000'000'000, 0}, {1'600'000'000, 0}};
    const auto before = testing::tree_at(queue);
    for (const auto& [path, entry] : before) {
        ASSERT_EQ(::utimensat(AT_FDCWD, (queue / path).c_str(), old, 0), 0);
    }
    ASSERT_TRUE(take());
    for (const auto& [path, entry] : before) {
        struct stat status {};
        ASSERT_EQ(::lstat((queue / path).c_str(), &status), 0);
        EXPECT_EQ(status.st_atim.tv_sec, 1'000'000'000) << path;
        EXPECT_EQ(status.st_mtim.tv_sec, 1'600'000'000) << path;
        EXPECT_EQ(status.st_mode, entry.mode) << path;
    }
}

TEST_F(CensusTest, WithoutTheMountThereIsNoCensus) {
    put("hold/60B2720001");
    mount.unmount();
    EXPECT_EQ(error(), settings.mount.path + ": not mounted");
}

TEST_F(CensusTest, WithoutAQueueThereIsNoCensus) {
    fs::remove_all(queue);
    EXPECT_EQ(error(), "open directory " + queue.string() + ": No such file or directory");
}

TEST_F(CensusTest, AQueueOnAnotherFileSystemIsNotCounted) {
    const PrivateMount other(queue);
    EXPECT_EQ(error(), queue.string() + ": not on the file system of " + settings.mount.path);
}

TEST_F(CensusTest, ARemountEndsTheCensus) {
    put("hold/60B2720001");
    settings.census.budget = 10;
    Census census(settings, instance);
    ASSERT_FALSE(census.continue_for(settings, 1h)->census);
    const PrivateMount other(directory.path() / "Mail");
    fs::create_directory(queue);
    const auto next = census.continue_for(settings, 1h);
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().message, settings.mount.path + ": was mounted again");
}

}  // namespace
}  // namespace agent
