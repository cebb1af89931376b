// SPDX-License-Identifier: Apache-2.0
// Every line is counted once: across rotations, restarts of the agent, and from one source to the
// other.
#include "agent/maillog/log_counter.hpp"

#include "agent/maillog/log_tail.hpp"
#include "core/exposition/exposition_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "unit/temporary_directory.hpp"

namespace {

using agent::FileDescriptor;
using agent::LogCounter;
using agent::LogPosition;
using agent::LogPositionFile;
using agent::LogTail;
using core::WallTime;
using testing::ElementsAre;
using testing::IsEmpty;
using tests::append_file;
using tests::write_file;
using Source = agent::DeliveryMetrics::Source;
using State = core::StartupLogFacts::Source;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

const WallTime day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22);
const WallTime boot_began = day + 10h;
const WallTime now = day + 12h;

std::string line(const std::string& time, const std::string& text) {
    return "2026-11-22T" + time + "+00:00 vma postfix/smtpd[1]: " + text + "\n";
}

/// The reader of one run of the agent; another reader is a restart.
class Reader {
   public:
    explicit Reader(const std::optional<LogPosition>& counted) {
        tail_.begin_counting(
            [this](std::string_view text) {
                texts_.emplace_back(text.substr(text.find("]: ") + 3));
            },
            counted, boot_began, now);
    }
    void follow(const std::string& path, LogTail::Comes comes = LogTail::Comes::by_rotation) {
        FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        const auto taken = tail_.follow(std::move(file), boot_began, now, comes);
        ASSERT_TRUE(taken) << taken.error().message;
    }
    /// The lines that were counted since the last time.
    std::vector<std::string> counted(std::size_t slice_bytes = 150) {
        while (!tail_.read_slice(slice_bytes, boot_began, now).value().at_end) {
        }
        return std::exchange(texts_, {});
    }
    LogTail& tail() { return tail_; }
    std::optional<LogPosition> position() const { return tail_.position(); }

   private:
    LogTail tail_{[](const std::tm&) { return WallTime{}; }};
    std::vector<std::string> texts_;
};

class CountedOnce : public testing::Test {
   protected:
    std::optional<LogPosition> read_to_here() {
        Reader reader(std::nullopt);
        reader.follow(log_);
        reader.counted();
        return reader.position();
    }

    tests::TemporaryDirectory folder_;
    std::string log_ = folder_ / "mail.log";
    std::string old_ = folder_ / "mail.log.1";
};

TEST_F(CountedOnce, WithoutAPositionAllLinesOfThisBootAreCounted) {
    write_file(log_, line("09:00:00", "a") + line("10:00:00", "b") + line("10:00:01", "c"));
    Reader reader(std::nullopt);
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), ElementsAre("b", "c"));
    append_file(log_, line("10:00:02", "d"));
    EXPECT_THAT(reader.counted(), ElementsAre("d"));
}

TEST_F(CountedOnce, ARestartGoesOnAtThePosition) {
    write_file(log_, line("10:00:01", "a") + line("10:00:02", "b"));
    const auto place = read_to_here();
    ASSERT_TRUE(place);
    EXPECT_EQ(place->offset, fs::file_size(log_));
    EXPECT_EQ(place->stamp, day + 10h + 2s);
    append_file(log_, line("10:00:02", "c"));
    for (const std::size_t slice : {1, 7, 150, 100000}) {
        Reader reader(place);
        reader.follow(log_);
        EXPECT_THAT(reader.counted(slice), ElementsAre("c"));
        EXPECT_EQ(reader.position()->offset, fs::file_size(log_));
    }
}

TEST_F(CountedOnce, TheHistoryOfStartsIsStillReadFromTheBoot) {
    write_file(
        log_,
        "2026-11-22T10:00:01+00:00 vma postfix/master[1]: daemon started -- version 3.7.11\n");
    const auto place = read_to_here();
    Reader reader(place);
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), IsEmpty());
    EXPECT_EQ(reader.tail().history().counts().daemon_started, 1U);
}

TEST_F(CountedOnce, AnUnfinishedLineIsCountedOnceWhenItIsWhole) {
    const std::string whole = line("10:00:02", "b");
    write_file(log_, line("10:00:01", "a") + whole.substr(0, 20));
    const auto place = read_to_here();
    EXPECT_EQ(place->offset, line("10:00:01", "a").size());
    append_file(log_, whole.substr(20));
    Reader reader(place);
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), ElementsAre("b"));
}

TEST_F(CountedOnce, ARenamedLogIsReadToItsEndBeforeTheNewOne) {
    write_file(log_, line("10:00:01", "a"));
    const auto place = read_to_here();
    append_file(log_, line("10:00:02", "b"));
    fs::rename(log_, old_);
    write_file(log_, line("10:00:03", "c"));
    Reader reader(place);
    reader.follow(old_);
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), ElementsAre("b", "c"));
}

TEST_F(CountedOnce, ACopiedAndTruncatedLogIsReadToItsEnd) {
    write_file(log_, line("10:00:01", "a"));
    const auto place = read_to_here();
    append_file(log_, line("10:00:02", "b"));
    fs::copy_file(log_, old_);
    ASSERT_EQ(::truncate(log_.c_str(), 0), 0);
    append_file(log_, line("10:00:03", "c") +
                          line("10:00:03", "and this one is longer than what was there before"));
    Reader reader(place);
    reader.follow(old_);
    reader.follow(log_);
    EXPECT_THAT(reader.counted(),
                ElementsAre("b", "c", "and this one is longer than what was there before"));
}

TEST_F(CountedOnce, ACopyOfAnUntruncatedLogIsNotCounted) {
    write_file(log_, line("10:00:01", "a"));
    const auto place = read_to_here();
    append_file(log_, line("10:00:02", "b"));
    fs::copy_file(log_, old_);
    Reader reader(place);
    reader.follow(old_);
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), ElementsAre("b"));
}

TEST_F(CountedOnce, StampsDecideWhenThePositionIsNotFound) {
    write_file(log_, line("10:00:01", "a") + line("10:00:05", "b"));
    const auto place = read_to_here();
    write_file(log_, line("10:00:04", "a") + line("10:00:05", "b") + line("10:00:06", "c") +
                         line("10:00:05", "d"));
    Reader reader(place);
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), ElementsAre("c", "d"));
}

TEST_F(CountedOnce, AnEmptyNewFileKeepsTheOldPosition) {
    write_file(log_, line("10:00:01", "a"));
    Reader reader(std::nullopt);
    reader.follow(log_);
    reader.counted();
    const auto place = reader.position();
    fs::rename(log_, old_);
    write_file(log_, "half a lin");
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), IsEmpty());
    EXPECT_FALSE(reader.position()) << "nothing to put in its place";
    Reader next(place);
    next.follow(old_);
    next.follow(log_);
    EXPECT_THAT(next.counted(), IsEmpty());
}

TEST_F(CountedOnce, ThePositionStaysWhileLinesAreReadAgain) {
    write_file(log_, line("10:00:01", "a") + line("10:00:02", "b"));
    const auto place = read_to_here();
    Reader reader(place);
    reader.follow(log_);
    ASSERT_TRUE(
        reader.tail().read_slice(10, boot_began, now));  // the search for the boot's beginning
    ASSERT_TRUE(reader.tail().read_slice(10, boot_began, now));
    EXPECT_FALSE(reader.position());
}

TEST_F(CountedOnce, AfterATruncationTheWholeFileCounts) {
    write_file(log_, line("10:00:01", "a") + line("10:00:02", "b"));
    const auto place = read_to_here();
    Reader reader(place);
    reader.follow(log_);
    reader.counted();
    ASSERT_EQ(::truncate(log_.c_str(), 0), 0);
    append_file(log_, line("10:00:03", "c"));
    EXPECT_THAT(reader.counted(), ElementsAre("c"));
    EXPECT_EQ(reader.position()->offset, line("10:00:03", "c").size());
}

TEST_F(CountedOnce, ALogAfterTheJournalCountsFromTheJournalsEnd) {
    write_file(log_, line("10:00:01", "a") + line("10:00:02", "b"));
    Reader reader(LogPosition{.source = Source::journal, .cursor = "s=1", .stamp = day + 10h + 1s});
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), ElementsAre("b"));
}

TEST_F(CountedOnce, AnotherLogIsCountedFromNowOn) {
    write_file(log_, line("10:00:01", "a") + line("10:00:02", "b"));
    Reader reader(std::nullopt);
    reader.follow(log_);
    reader.counted();
    write_file(folder_ / "other.log",
               line("10:00:01", "a") + line("10:00:02", "b") + line("10:00:03", "c"));
    reader.follow(folder_ / "other.log", LogTail::Comes::as_another_log);
    EXPECT_THAT(reader.counted(), ElementsAre("c"));
}

TEST_F(CountedOnce, LateLinesOfTheFirstLogDoNotChangeAnothersFilter) {
    write_file(log_, line("10:00:01", "a"));
    Reader reader(std::nullopt);
    reader.follow(log_);
    reader.counted();
    append_file(log_, line("10:00:01", "b") + line("10:00:03", "c"));
    write_file(folder_ / "other.log",
               line("10:00:02", "b") + line("10:00:03", "c") + line("10:00:04", "d"));
    reader.follow(folder_ / "other.log", LogTail::Comes::as_another_log);
    EXPECT_THAT(reader.counted(), ElementsAre("b", "c", "d"));
    append_file(folder_ / "other.log", line("10:00:04", "e"));
    EXPECT_THAT(reader.counted(), ElementsAre("e"));
}

TEST_F(CountedOnce, ThereIsNoPositionWhileStampsDecide) {
    write_file(log_, line("10:00:01", "a"));
    Reader reader(LogPosition{.source = Source::journal, .cursor = "s=1", .stamp = day + 10h + 2s});
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), IsEmpty());
    EXPECT_FALSE(reader.position()) << "an agent that began here would count what the journal had";
    append_file(log_, line("10:00:02", "b") + line("10:00:03", "c"));
    EXPECT_THAT(reader.counted(), ElementsAre("c"));
    EXPECT_TRUE(reader.position());
}

TEST_F(CountedOnce, OnlyCountedLinesCountAsCut) {
    const std::string longer(core::LineSplitter::max_line * 2, 'x');
    write_file(log_, line("10:00:01", longer) + line("10:00:02", "a"));
    const auto place = read_to_here();
    Reader reader(place);
    reader.follow(log_);
    reader.counted();
    EXPECT_EQ(reader.tail().lines_cut(), 0U);
    append_file(log_, line("10:00:03", longer) + line("10:00:04", "b"));
    EXPECT_EQ(reader.counted().size(), 2U);
    EXPECT_EQ(reader.tail().lines_cut(), 1U);
}

TEST_F(CountedOnce, LinesAreNotCountedWhileAnotherSourceCounts) {
    write_file(log_, line("10:00:01", "a"));
    Reader reader(std::nullopt);
    reader.follow(log_);
    EXPECT_THAT(reader.counted(), ElementsAre("a"));
    reader.tail().stop_counting();
    append_file(log_, line("10:00:02", "b"));
    EXPECT_THAT(reader.counted(), IsEmpty());
    EXPECT_FALSE(reader.position());
}

// ---- the record

class LogPositionTest : public testing::Test {
   protected:
    LogPositionFile open() const {
        return LogPositionFile(
            FileDescriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)));
    }

    tests::TemporaryDirectory folder_;
    std::string path_ = folder_ / "log-position";
    LogPosition file_{Source::file, 123456789, 42, "", now};
    LogPosition journal_{Source::journal, 0, 0, "s=7f;i=1;b=2;m=3;t=4;x=5", now};
};

TEST_F(LogPositionTest, IsReadAsItWasWritten) {
    EXPECT_EQ(open().read().value(), std::nullopt);
    for (const LogPosition& position : {file_, journal_}) {
        ASSERT_TRUE(open().write(position));
        EXPECT_EQ(open().read().value(), position);
    }
}

TEST_F(LogPositionTest, WithoutAFileNothingIsKeptAndNothingFails) {
    EXPECT_TRUE(LogPositionFile().write(file_));
    EXPECT_EQ(LogPositionFile().read().value(), std::nullopt);
}

TEST_F(LogPositionTest, ADamagedRecordIsDetected) {
    ASSERT_TRUE(open().write(journal_));
    const auto size = fs::file_size(path_);
    for (std::uintmax_t at = 0; at < size; at += 5) {
        ASSERT_TRUE(open().write(journal_));
        const FileDescriptor file(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
        char byte = 0;
        ASSERT_EQ(::pread(file.get(), &byte, 1, static_cast<off_t>(at)), 1);
        byte = static_cast<char>(byte ^ 0x10);
        ASSERT_EQ(::pwrite(file.get(), &byte, 1, static_cast<off_t>(at)), 1);
        ASSERT_FALSE(open().read()) << at;
    }
    ASSERT_TRUE(open().write(journal_));
    fs::resize_file(path_, size - 1);
    EXPECT_FALSE(open().read());
}

TEST_F(LogPositionTest, ACursorThatDoesNotFitIsRefused) {
    journal_.cursor.assign(agent::max_cursor + 1, 'x');
    EXPECT_FALSE(open().write(journal_));
    journal_.cursor.pop_back();
    EXPECT_TRUE(open().write(journal_));
    EXPECT_EQ(open().read().value(), journal_);
}

// ---- which source counts

class LogCounterTest : public LogPositionTest {
   protected:
    FileDescriptor descriptor() const {
        return FileDescriptor(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
    }

    core::Exposition exposition_;
    agent::DeliveryMetrics metrics_{exposition_};
};

TEST_F(LogCounterTest, TheFileCountsWhereItIsReadElseTheJournal) {
    LogCounter counting(metrics_, {});
    const auto counted = [&](core::MaillogSource wanted, State file) {
        counting.choose(wanted, file);
        return std::pair(counting.counts(Source::file), counting.counts(Source::journal));
    };
    const std::pair by_file(true, false);
    const std::pair by_journal(false, true);
    const std::pair by_none(false, false);
    constexpr auto automatic = core::MaillogSource::automatic;
    EXPECT_EQ(counted(automatic, State::catching_up), by_none) << "not known yet";
    EXPECT_EQ(counted(automatic, State::missing), by_journal);
    EXPECT_EQ(counted(automatic, State::catching_up), by_journal) << "as it was";
    EXPECT_EQ(counted(automatic, State::reading), by_file);
    EXPECT_EQ(counted(automatic, State::lost), by_file) << "in the midst of a rotation";
    EXPECT_EQ(counted(automatic, State::unreadable), by_journal);
    EXPECT_EQ(counted(core::MaillogSource::file, State::missing), by_file);
    EXPECT_EQ(counted(core::MaillogSource::journal, State::reading), by_journal);
}

TEST_F(LogCounterTest, AnUnreadSourceIsNone) {
    LogCounter counting(metrics_, {});
    const auto published = [&] {
        const std::string page = "\n" + core::prometheus_text(exposition_);
        return std::pair(
            page.find("\npostfix_elb_agent_log_source{source=\"file\"} 1") != std::string::npos,
            page.find("\npostfix_elb_agent_log_source{source=\"journal\"} 1") != std::string::npos);
    };
    const std::pair none(false, false);
    counting.choose(core::MaillogSource::file, State::missing);
    EXPECT_EQ(published(), none);
    counting.choose(core::MaillogSource::file, State::reading);
    EXPECT_EQ(published(), std::pair(true, false));
    counting.choose(core::MaillogSource::automatic, State::unreadable);
    EXPECT_EQ(published(), none) << "not known whether there is a journal";
    counting.set_journal_is_read(true);
    EXPECT_EQ(published(), std::pair(false, true));
    counting.set_journal_is_read(false);
    EXPECT_EQ(published(), none);
}

TEST_F(LogCounterTest, ThePositionIsKeptForTheNextAgent) {
    ASSERT_TRUE(open().write(file_));
    {
        LogCounter counting(metrics_, descriptor());
        EXPECT_EQ(counting.position(), file_);
        counting.reached(std::nullopt, now, true);
        EXPECT_EQ(counting.position(), file_);
        counting.reached(journal_, now, false);
    }
    EXPECT_EQ(LogCounter(metrics_, descriptor()).position(), journal_);
}

TEST_F(LogCounterTest, ADamagedRecordIsIgnored) {
    write_file(path_, "what is this");
    LogCounter counting(metrics_, descriptor());
    EXPECT_EQ(counting.position(), std::nullopt);
    counting.reached(file_, now, false);
    EXPECT_EQ(open().read().value(), file_);
}

}  // namespace
