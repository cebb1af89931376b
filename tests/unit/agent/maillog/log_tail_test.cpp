// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/log_tail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "unit/temporary_directory.hpp"

namespace {

using agent::FileDescriptor;
using agent::LogTail;
using core::StartFailure;
using core::WallTime;
using tests::append_file;
using tests::write_file;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

const WallTime day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22);
const WallTime boot_began = day + 10h;
const WallTime now = day + 12h;

std::string line(const std::string& time, const std::string& message) {
    return "2026-11-22T" + time + "+00:00 vma " + message + "\n";
}
std::string already_running(const std::string& time) {
    return line(time,
                "postfix/postfix-script[1060]: fatal: the Postfix mail system is already running");
}
std::string started(const std::string& time) {
    return line(
        time, "postfix/master[1051]: daemon started -- version 3.7.11, configuration /etc/postfix");
}
std::string delivery(const std::string& time) {
    return line(time, "postfix/smtp[99]: 60B27201DD: to=<a@example.com>, status=sent (250 ok)");
}

class LogTailTest : public testing::Test {
   protected:
    FileDescriptor open_log(const std::string& name = "mail.log") {
        return FileDescriptor(::open((folder_ / name).c_str(), O_RDONLY | O_CLOEXEC));
    }
    void follow(const std::string& name = "mail.log") {
        const auto taken = tail_.follow(open_log(name), boot_began, now);
        ASSERT_TRUE(taken) << taken.error().message;
    }
    std::size_t read_all(std::size_t slice_bytes = 100) {
        std::size_t bytes = 0;
        for (;;) {
            const LogTail::Slice slice = tail_.read_slice(slice_bytes, boot_began, now).value();
            EXPECT_LE(slice.bytes, slice_bytes);
            bytes += slice.bytes;
            if (slice.at_end) {
                return bytes;
            }
        }
    }
    std::uint64_t failures() const { return tail_.history().counts().already_running; }
    std::uint64_t starts() const { return tail_.history().counts().daemon_started; }

    tests::TemporaryDirectory folder_;
    std::string log_ = folder_ / "mail.log";
    LogTail tail_{[](const std::tm&) { return WallTime{}; }};
};

TEST_F(LogTailTest, WithoutAFileThereIsNothingToRead) {
    EXPECT_EQ(read_all(), 0U);
    EXPECT_FALSE(tail_.history().last_failure());
}

TEST_F(LogTailTest, ExistingAndAddedLinesAreRead) {
    write_file(log_, already_running("10:15:01"));
    follow();
    read_all();
    EXPECT_EQ(failures(), 1U);
    append_file(log_, started("10:15:05"));
    read_all();
    EXPECT_EQ(starts(), 1U);
    EXPECT_EQ(tail_.history().last_started(), day + 10h + 15min + 5s);
    EXPECT_EQ(read_all(), 0U);
}

TEST_F(LogTailTest, ASliceKeepsToItsLimit) {
    write_file(log_, already_running("10:15:01") + started("10:15:05"));
    follow();
    const auto size = fs::file_size(log_);
    auto slice = tail_.read_slice(7, boot_began, now).value();
    EXPECT_EQ(slice.bytes, 7U);
    EXPECT_FALSE(slice.at_end);
    EXPECT_EQ(read_all(11), size - 7);
    EXPECT_EQ(failures(), 1U);
    EXPECT_EQ(starts(), 1U);
}

TEST_F(LogTailTest, ALineCountsOnlyWhenItIsWhole) {
    const std::string text = already_running("10:15:01");
    write_file(log_, text.substr(0, text.size() - 1));
    follow();
    read_all();
    EXPECT_EQ(failures(), 0U);
    append_file(log_, "\n");
    read_all();
    EXPECT_EQ(failures(), 1U);
}

TEST_F(LogTailTest, ARenamedFileIsReadBeforeTheNewOne) {
    write_file(log_, delivery("10:15:00"));
    follow();
    read_all();
    append_file(log_, already_running("10:15:01"));
    fs::rename(log_, folder_ / "mail.log.1");
    write_file(log_, started("10:15:05"));
    follow();
    read_all();
    EXPECT_EQ(failures(), 1U);
    EXPECT_EQ(starts(), 1U);
    EXPECT_GT(*tail_.history().last_started(), tail_.history().last_failure()->at);
}

TEST_F(LogTailTest, TheOldFileIsReadUntilTheNewHasBytes) {
    write_file(log_, delivery("10:15:00"));
    follow();
    fs::rename(log_, folder_ / "mail.log.1");
    write_file(log_, "");
    follow();
    read_all();
    append_file(folder_ / "mail.log.1", already_running("10:15:01"));
    read_all();
    EXPECT_EQ(failures(), 1U);
    append_file(log_, started("10:15:05"));
    read_all();
    EXPECT_EQ(starts(), 1U);
}

TEST_F(LogTailTest, AnUnfinishedOldLineIsNotJoinedToTheNewFile) {
    const std::string text = already_running("10:15:01");
    write_file(log_, text.substr(0, text.size() - 1));
    follow();
    read_all();
    fs::rename(log_, folder_ / "mail.log.1");
    write_file(log_, started("10:15:05"));
    follow();
    read_all();
    EXPECT_EQ(failures(), 1U);
    EXPECT_EQ(starts(), 1U);
}

TEST_F(LogTailTest, SeveralRotationsInARowAreAllRead) {
    write_file(log_, already_running("10:15:01"));
    follow();
    for (const char* name : {"mail.log.a", "mail.log.b", "mail.log.c"}) {
        fs::rename(log_, folder_ / name);
        write_file(log_, std::string(name).ends_with('b') ? "" : already_running("10:16:01"));
        follow();
    }
    read_all();
    EXPECT_EQ(failures(), 3U);
}

TEST_F(LogTailTest, TheSameFileIsNotReadTwice) {
    write_file(log_, already_running("10:15:01"));
    follow();
    follow();
    read_all();
    follow();
    read_all();
    EXPECT_EQ(failures(), 1U);
}

TEST_F(LogTailTest, ATruncatedCopyBeginsAgain) {
    write_file(log_, delivery("10:15:00") + delivery("10:15:00") + already_running("10:15:01") +
                         "half a li");
    follow();
    read_all();
    fs::copy_file(log_, folder_ / "mail.log.1");
    ASSERT_EQ(::truncate(log_.c_str(), 0), 0);
    append_file(log_, started("10:15:05"));
    read_all();
    EXPECT_EQ(failures(), 1U);
    EXPECT_EQ(starts(), 1U);
    EXPECT_EQ(tail_.truncations(), 1U);
}

TEST_F(LogTailTest, AHoleAfterATruncationHidesNothing) {
    const FileDescriptor writer(::open(log_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const auto put = [&](const std::string& text) {
        ASSERT_EQ(::write(writer.get(), text.data(), text.size()),
                  static_cast<ssize_t>(text.size()));
    };
    for (int i = 0; i < 1000; ++i) {
        put(delivery("10:15:00"));
    }
    follow();
    read_all(64 * 1024);
    ASSERT_EQ(::truncate(log_.c_str(), 0), 0);
    read_all();
    put(already_running("10:15:01"));
    read_all(64 * 1024);
    EXPECT_EQ(tail_.truncations(), 1U);
    EXPECT_EQ(failures(), 1U);
}

TEST_F(LogTailTest, MalformedLinesDoNotHideTheLinesAfterThem) {
    write_file(log_, std::string(100000, 'x') + "\n" + std::string(50, '\0') +
                         already_running("10:15:01") +
                         std::string(core::LineSplitter::max_line * 3, 'y') + "\n" +
                         started("10:15:05"));
    follow();
    read_all(4096);
    EXPECT_EQ(failures(), 1U);
    EXPECT_EQ(starts(), 1U);
}

TEST_F(LogTailTest, AFileThatAppearsLaterIsRead) {
    EXPECT_EQ(read_all(), 0U);
    write_file(log_, already_running("10:15:01"));
    follow();
    read_all();
    EXPECT_EQ(failures(), 1U);
}

TEST_F(LogTailTest, ANonRegularFileIsRefused) {
    const auto taken =
        tail_.follow(FileDescriptor(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), boot_began, now);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, core::Errc::unsupported);
    EXPECT_FALSE(tail_.follow(FileDescriptor(), boot_began, now));
    EXPECT_EQ(read_all(), 0U);
}

TEST_F(LogTailTest, OnlyTheFirstFileIsReadFromTheBoot) {
    std::string long_ago;
    while (long_ago.size() < 3 * 1024 * 1024) {
        long_ago += delivery("03:00:00");
    }
    write_file(log_, long_ago + already_running("10:15:01"));
    follow();
    EXPECT_LT(read_all(64 * 1024), 200U * 1024);
    EXPECT_EQ(failures(), 1U);
    fs::rename(log_, folder_ / "mail.log.1");
    write_file(log_, long_ago + started("10:15:05"));
    follow();
    EXPECT_EQ(read_all(64 * 1024), fs::file_size(log_));
    EXPECT_EQ(starts(), 1U);
}

// The lines of a log, now and then one that matters; some too long, some with NUL bytes.
std::vector<std::string> random_lines(std::mt19937& random) {
    const std::vector<std::string> start_lines{
        already_running("10:15:01"), started("10:15:05"), already_running("09:00:00"),
        line("10:16:00", "postfix/master[1051]: terminating on signal 15"),
        line("10:17:00", "postfix/master[1051]: fatal: bind 0.0.0.0 port 25")};
    std::vector<std::string> lines;
    for (int i = 0; i < 300; ++i) {
        switch (random() % 30) {
            case 0: lines.push_back(start_lines[random() % start_lines.size()]); break;
            case 1: lines.push_back(line("10:15:00", std::string(random() % 20000, 'x'))); break;
            case 2:
                lines.push_back(std::string(random() % 5000, '\0') +
                                start_lines[random() % start_lines.size()]);
                break;
            default: lines.push_back(delivery("10:15:00"));
        }
    }
    return lines;
}

TEST(LogTailAtRandom, TheHistoryDoesNotDependOnTheSlices) {
    for (unsigned round = 0; round < 20; ++round) {
        std::mt19937 random(round);
        std::string text;
        core::StartupHistory simply([](const std::tm&) { return WallTime{}; });
        for (std::string line : random_lines(random)) {
            text += line;
            line.erase(std::remove(line.begin(), line.end(), '\0'), line.end());
            simply.feed(line.substr(0, line.size() - 1), boot_began, now);
        }
        const tests::TemporaryDirectory folder;
        const std::string path = folder / "mail.log";
        tests::write_file(path, "");
        LogTail tail([](const std::tm&) { return WallTime{}; });
        ASSERT_TRUE(tail.follow(FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
                                boot_began, now));
        const std::size_t most = round % 2 == 0 ? 300 : 200000;
        for (std::size_t written = 0; written < text.size();) {
            const std::size_t more =
                std::min(text.size() - written, std::size_t{1} + random() % most);
            append_file(path, text.substr(written, more));
            written += more;
            while (!tail.read_slice(std::size_t{1} + random() % most, boot_began, now)
                        .value()
                        .at_end) {
            }
        }
        ASSERT_EQ(tail.history().counts().already_running, simply.counts().already_running)
            << "round " << round;
        ASSERT_EQ(tail.history().counts().start_failed, simply.counts().start_failed)
            << "round " << round;
        ASSERT_EQ(tail.history().counts().daemon_started, simply.counts().daemon_started)
            << "round " << round;
        ASSERT_EQ(tail.history().last_started(), simply.last_started()) << "round " << round;
        ASSERT_EQ(tail.history().last_failure()->at, simply.last_failure()->at)
            << "round " << round;
        ASSERT_EQ(tail.history().last_failure()->line, simply.last_failure()->line)
            << "round " << round;
    }
}

}  // namespace
