// SPDX-License-Identifier: Apache-2.0
// Against a real journald. Waits with poll(2) on the reader's descriptor, as its worker does.
#include "systemd/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>

#include <fstream>
#include <set>

#include "unit/systemd/journald.hpp"

namespace {

using State = systemd::JournalSlice::State;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using tests::Journald;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr const char* already = "fatal: the Postfix mail system is already running";

class Journal : public testing::Test {
   protected:
    void SetUp() override {
        if (!Journald::furnish()) {
            GTEST_SKIP() << "needs root, and mounts of its own";
        }
    }

    systemd::JournalSlice read(systemd::Journal& journal) {
        last_ = journal.read(last_.position);
        return last_;
    }
    /// From the beginning of this boot, for the first read of another reader.
    void forget_position() { last_ = {}; }

    std::vector<std::string> read_all(systemd::Journal& journal) {
        std::vector<std::string> lines;
        do {
            read(journal);
            lines.insert(lines.end(), last_.starts.begin(), last_.starts.end());
        } while (last_.more);
        return lines;
    }

    /// Waits until look() returns true; false after 10 seconds.
    static bool wait(systemd::Journal& journal) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (std::chrono::steady_clock::now() < deadline) {
            pollfd waited = journal.descriptor();
            const int timeout = journal.timeout_ms();
            if (::poll(&waited, 1, timeout < 0 ? 10'000 : std::min(timeout, 10'000)) >= 0 &&
                journal.look()) {
                return true;
            }
        }
        return false;
    }

    /// The texts of the next `count` lines, without stamp, host and tag.
    std::vector<std::string> next(systemd::Journal& journal, std::size_t count) {
        std::vector<std::string> texts;
        while (texts.size() < count && wait(journal)) {
            for (const std::string& line : read_all(journal)) {
                texts.push_back(line.substr(line.find("]: ") + 3));
            }
        }
        return texts;
    }

    Journald journald_;
    systemd::JournalSlice last_;
};

std::string failure(int number) {
    return "fatal: failure " + std::to_string(number);
}

TEST_F(Journal, IsAbsentWhereJournaldNeverRan) {
    systemd::Journal journal;
    EXPECT_THAT(read_all(journal), IsEmpty());
    EXPECT_EQ(last_.state, State::absent);
    EXPECT_THAT(last_.error, HasSubstr("no files"));
}

TEST_F(Journal, ReturnsStartLinesAsALogFileHasThem) {
    journald_.start();
    journald_.log("postfix/postfix-script", already);
    journald_.log("postfix/smtpd", "connect from unknown[192.0.2.1]");
    journald_.log("postfix/smtpd", "fatal: no SASL authentication mechanisms");
    journald_.log("postfix/master", "daemon started -- version 3.7.11, configuration /etc/postfix");
    journald_.log_as_daemon("postfix/master", "terminating on signal 15");
    journald_.log_as_another_user("postfix/master", "terminating on signal 15");
    journald_.log("postfix/master", "terminating on signal 15");
    systemd::Journal journal;
    ASSERT_TRUE(tests::eventually([&] {
        const auto more = read_all(journal);
        static std::vector<std::string> lines;
        lines.insert(lines.end(), more.begin(), more.end());
        if (lines.size() < 3) {
            return false;
        }
        const std::string stamp =
            "20[0-9][0-9]-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+[.][0-9]{6}Z [^ ]+ ";
        EXPECT_THAT(
            lines,
            ElementsAre(MatchesRegex(stamp + "postfix/postfix-script.771.: " + already),
                        MatchesRegex(stamp + "postfix/master.771.: daemon started -- version .*"),
                        MatchesRegex(stamp + "postfix/master.771.: terminating on signal 15")));
        return true;
    }));
    EXPECT_EQ(last_.state, State::reading);
    EXPECT_EQ(last_.error, "");
}

TEST_F(Journal, ReportsALaterStartLineAndNoOther) {
    journald_.start();
    systemd::Journal journal;
    ASSERT_TRUE(tests::eventually([&] { return read(journal).state == State::reading; }));
    for (int i = 0; i < 100; ++i) {
        journald_.log("postfix/smtpd", "connect from unknown[192.0.2.1]");
    }
    journald_.log("postfix/postfix-script", already);
    ASSERT_TRUE(wait(journal));
    EXPECT_THAT(read(journal).starts, ElementsAre(EndsWith(already)));
    journald_.log("postfix/smtpd", "connect from unknown[192.0.2.1]");
    EXPECT_FALSE(journal.look());
}

TEST_F(Journal, FindsAJournalThatAppearsLater) {
    systemd::Journal journal({.first_retry = 50ms, .last_retry = 50ms});
    EXPECT_EQ(read(journal).state, State::absent);
    journald_.start();
    journald_.log("postfix/postfix-script", already);
    ASSERT_TRUE(wait(journal));
    EXPECT_THAT(next(journal, 1), ElementsAre(already));
    EXPECT_EQ(last_.state, State::reading);
}

TEST_F(Journal, IsNotifiedOfANewJournalWhoseDirectoryExists) {
    fs::create_directories(Journald::volatile_files);
    systemd::Journal journal({.first_retry = 1h, .last_retry = 1h});
    EXPECT_EQ(read(journal).state, State::absent);
    journald_.start();
    EXPECT_TRUE(wait(journal));
    EXPECT_EQ(read(journal).state, State::reading);
}

TEST_F(Journal, SkipsOtherBoots) {
    std::ofstream("/run/boot_id") << "01234567-89ab-4def-8123-456789abcdef\n";
    const char* boot_id = "/proc/sys/kernel/random/boot_id";
    ASSERT_EQ(::mount("/run/boot_id", boot_id, nullptr, MS_BIND, nullptr), 0);
    fs::create_directories(Journald::persistent_files);
    journald_.start();
    Journald::control("--flush");
    journald_.log("postfix/master", failure(1));
    Journald::control("--sync");
    journald_.stop();
    ASSERT_EQ(::umount2(boot_id, MNT_DETACH), 0);
    {
        systemd::Journal journal;
        const auto slice = read(journal);
        EXPECT_EQ(slice.state, State::absent);
        EXPECT_THAT(slice.error, HasSubstr("no entry of this boot"));
    }
    journald_.start();
    journald_.log("postfix/master", failure(2));
    systemd::Journal journal;
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(2)));
}

TEST_F(Journal, ReturnsASliceAgainThatWasNotReceived) {
    journald_.start();
    journald_.log("postfix/master", failure(1));
    systemd::Journal journal;
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(1)));
    const auto received = last_.position;
    journald_.log("postfix/master", failure(2));
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(2)));
    EXPECT_THAT(journal.read(received).starts, ElementsAre(EndsWith(failure(2))));
    EXPECT_EQ(journal.read({}).starts.size(), 2u);
}

TEST_F(Journal, LimitsTheBytesOfASlice) {
    journald_.start();
    constexpr int count = 200;
    for (int i = 0; i < count; ++i) {
        journald_.log("postfix/master", failure(i) + " " + std::string(48 * 1024, 'x'));
    }
    systemd::Journal journal;
    std::size_t lines = 0;
    int slices = 0;
    ASSERT_TRUE(tests::eventually([&] {
        const auto slice = read(journal);
        std::size_t bytes = 0;
        for (const std::string& line : slice.starts) {
            EXPECT_THAT(line, HasSubstr(": " + failure(static_cast<int>(lines++)) + " "));
            EXPECT_THAT(line, EndsWith("xxx..."));
            bytes += line.size();
        }
        slices += bytes == 0 ? 0 : 1;
        EXPECT_LT(bytes, 40 * 1024u);
        return lines == count;
    }));
    EXPECT_GT(slices, 5);
}

TEST_F(Journal, LimitsTheEntriesOfASliceAndReportsMore) {
    journald_.start();
    for (int i = 0; i < 100; ++i) {
        journald_.log("postfix/smtpd", "connect from unknown[192.0.2.1]");
    }
    journald_.log("postfix/master", failure(1));
    Journald::control("--sync");
    systemd::Journal journal({.entries = 10});
    const auto first = read(journal);
    EXPECT_TRUE(first.more);
    EXPECT_THAT(first.starts, IsEmpty());
    EXPECT_THAT(read_all(journal), ElementsAre(EndsWith(failure(1))));
}

TEST_F(Journal, ReturnsEachLineOnceAcrossRotationAndVacuum) {
    journald_.start();
    systemd::Journal journal;
    for (int i = 0; i < 9; ++i) {
        journald_.log("postfix/master", failure(i));
        EXPECT_THAT(next(journal, 1), ElementsAre(failure(i)));
        if (i % 3 == 1) {
            Journald::control("--rotate");
        } else if (i % 3 == 2) {
            Journald::control("--vacuum-files=1");
        }
    }
    while (journal.look()) {
        EXPECT_THAT(read(journal).starts, IsEmpty());
    }
}

TEST_F(Journal, ReadsAllFilesOfRotationsThatItMissed) {
    journald_.start();
    journald_.log("postfix/master", failure(0));
    systemd::Journal journal;
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(0)));
    journald_.log("postfix/master", failure(1));
    Journald::control("--rotate");
    journald_.log("postfix/master", failure(2));
    Journald::control("--rotate");
    journald_.log("postfix/master", failure(3));
    EXPECT_THAT(next(journal, 3), ElementsAre(failure(1), failure(2), failure(3)));
}

TEST_F(Journal, ReturnsNothingTwiceAfterAFlushToDisk) {
    journald_.start();
    systemd::Journal journal;
    journald_.log("postfix/master", failure(1));
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(1)));
    fs::create_directories(Journald::persistent_files);
    Journald::control("--flush");
    journald_.log("postfix/master", failure(2));
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(2)));
    EXPECT_TRUE(fs::exists(Journald::persistent_files));
    systemd::Journal another;
    forget_position();
    EXPECT_EQ(read_all(another).size(), 2u);
}

TEST_F(Journal, GoesOnAfterJournaldWasKilledAndRestarted) {
    journald_.start();
    systemd::Journal journal;
    journald_.log("postfix/master", failure(1));
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(1)));
    journald_.kill();
    EXPECT_EQ(read(journal).state, State::reading);
    journald_.start();
    journald_.log("postfix/master", failure(2));
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(2)));
}

TEST_F(Journal, IsLostWithItsFilesAndFoundInNewOnes) {
    journald_.start();
    systemd::Journal journal;
    journald_.log("postfix/master", failure(1));
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(1)));
    for (const auto& entry : fs::recursive_directory_iterator(Journald::volatile_files)) {
        if (entry.is_regular_file()) {
            fs::remove(entry.path());
        }
    }
    ASSERT_TRUE(wait(journal));
    const auto lost = read(journal);
    EXPECT_EQ(lost.state, State::lost);
    EXPECT_THAT(lost.error, HasSubstr("no files"));
    Journald::control("--rotate");  // until then journald writes to a deleted file
    journald_.log("postfix/master", failure(2));
    EXPECT_THAT(next(journal, 1), ElementsAre(failure(2)));
    EXPECT_EQ(last_.state, State::reading);
}

}  // namespace
