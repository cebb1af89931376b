// SPDX-License-Identifier: Apache-2.0
#include "agent/host/maillog_opener.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "unit/temporary_directory.hpp"

namespace {

using agent::MaillogOpened;
using State = MaillogOpened::State;
using tests::write_file;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string first_bytes(const agent::FileDescriptor& file) {
    std::array<char, 100> buffer;
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    return got < 0 ? "unreadable" : std::string(buffer.data(), static_cast<std::size_t>(got));
}

class MaillogOpener : public testing::Test {
   protected:
    agent::OpenedMaillog open(std::uint64_t device = 0, std::uint64_t inode = 0) {
        return agent::open_maillog(candidates(), local_, device, inode);
    }
    agent::OpenedMaillog open_old() {
        return agent::open_old_maillog(candidates(), local_, boot_began_);
    }
    std::vector<std::string> candidates() {
        return agent::maillog_candidates(settings_, maillog_file_, usual_);
    }
    void written(const std::string& name, std::chrono::milliseconds after_boot) {
        write_file(folder_ / name, name);
        const auto time = std::chrono::duration_cast<std::chrono::seconds>(
            (boot_began_ + after_boot).time_since_epoch());
        const std::array<timespec, 2> times{timespec{time.count(), 0}, timespec{time.count(), 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / name).c_str(), times.data(), 0), 0);
    }

    tests::TemporaryDirectory folder_;
    std::vector<std::string> usual_{folder_ / "mail.log", folder_ / "maillog"};
    std::optional<std::string> maillog_file_;
    agent::LocalPaths local_{""};
    core::Settings::Maillog settings_;
    core::WallTime boot_began_{std::chrono::hours(24 * 365 * 56)};
};

TEST_F(MaillogOpener, WithoutALogItNamesThePathsItTried) {
    const auto opened = open();
    EXPECT_EQ(opened.reply.state, State::missing);
    EXPECT_EQ(opened.reply.path, usual_[0] + " or " + usual_[1]);
    EXPECT_FALSE(opened.descriptor);
}

TEST_F(MaillogOpener, TheFirstOfTheUsualLogsThatExistsIsOpened) {
    write_file(usual_[1], "red hat");
    EXPECT_EQ(first_bytes(open().descriptor), "red hat");
    write_file(usual_[0], "debian");
    const auto opened = open();
    EXPECT_EQ(opened.reply.state, State::opened);
    EXPECT_EQ(opened.reply.path, usual_[0]);
    EXPECT_EQ(first_bytes(opened.descriptor), "debian");
    struct stat status {};
    ASSERT_EQ(::stat(usual_[0].c_str(), &status), 0);
    EXPECT_EQ(opened.reply.device, status.st_dev);
    EXPECT_EQ(opened.reply.inode, status.st_ino);
}

TEST_F(MaillogOpener, APathOfTheSettingsIsTheOnlyCandidate) {
    write_file(usual_[0], "usual");
    settings_.path = folder_ / "own.log";
    EXPECT_EQ(open().reply.state, State::missing);
    EXPECT_EQ(open().reply.path, settings_.path);
    write_file(settings_.path, "own");
    EXPECT_EQ(first_bytes(open().descriptor), "own");
}

TEST_F(MaillogOpener, ThePathOfMaillogFileIsTheOnlyCandidate) {
    write_file(usual_[0], "of another time");
    maillog_file_ = folder_ / "postfix.log";
    EXPECT_EQ(open().reply.state, State::missing);
    EXPECT_EQ(open().reply.path, *maillog_file_);
    write_file(*maillog_file_, "of postlogd");
    EXPECT_EQ(first_bytes(open().descriptor), "of postlogd");
    settings_.path = usual_[0];
    EXPECT_EQ(first_bytes(open().descriptor), "of another time")
        << "what the settings say goes before";
}

TEST_F(MaillogOpener, WhereTheJournalIsTheSourceThereIsNoFile) {
    write_file(usual_[0], "usual");
    settings_.source = core::MaillogSource::journal;
    for (const auto& opened : {open(), open_old()}) {
        EXPECT_EQ(opened.reply.state, State::missing);
        EXPECT_EQ(opened.reply.path, "");
        EXPECT_EQ(opened.reply.error, "");
        EXPECT_FALSE(opened.descriptor);
    }
}

TEST_F(MaillogOpener, ALogOnANetworkFileSystemIsRefusedWithoutTouchingIt) {
    fs::create_directory(folder_ / "net");
    write_file(folder_ / "net/mail.log", "x");
    fs::create_symlink(folder_ / "net/mail.log", usual_[0]);
    local_ = agent::LocalPaths("40 27 0:40 / " + (folder_ / "net") + " rw - nfs4 srv:/ rw\n");
    const auto opened = open();
    EXPECT_EQ(opened.reply.state, State::unreadable);
    EXPECT_EQ(opened.reply.error,
              usual_[0] +
                  " is on a network file system, which may hang; let Postfix log to a local file");
    settings_.path = folder_ / "net/mail.log";
    EXPECT_EQ(open_old().reply.state, State::missing);
}

TEST_F(MaillogOpener, AnOpenLogIsNotOpenedAgain) {
    write_file(usual_[0], "x");
    const auto first = open();
    const auto again = open(first.reply.device, first.reply.inode);
    EXPECT_EQ(again.reply.state, State::unchanged);
    EXPECT_FALSE(again.descriptor);
    EXPECT_TRUE(again.place) << "it is still to be watched";
    fs::rename(usual_[0], usual_[0] + ".1");
    write_file(usual_[0], "new");
    const auto rotated = open(first.reply.device, first.reply.inode);
    EXPECT_EQ(rotated.reply.state, State::opened);
    EXPECT_EQ(first_bytes(rotated.descriptor), "new");
}

TEST_F(MaillogOpener, ASymbolicLinkIsFollowed) {
    write_file(folder_ / "elsewhere", "x");
    fs::create_symlink(folder_ / "elsewhere", usual_[0]);
    EXPECT_EQ(first_bytes(open().descriptor), "x");
}

TEST_F(MaillogOpener, ANonRegularFileIsRefusedAtOnce) {
    ASSERT_EQ(::mkfifo(usual_[0].c_str(), 0600), 0);
    auto opened = open();
    EXPECT_EQ(opened.reply.state, State::unreadable);
    EXPECT_EQ(opened.reply.error, usual_[0] + " is not a regular file");
    EXPECT_FALSE(opened.descriptor);
    // A writer that waits for a reader still waits.
    EXPECT_EQ(::open(usual_[0].c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
    EXPECT_EQ(errno, ENXIO);

    settings_.path = folder_.path();
    EXPECT_EQ(open().reply.state, State::unreadable);
    settings_.path = "/dev/null";
    EXPECT_EQ(open().reply.state, State::unreadable);
}

TEST_F(MaillogOpener, TheErrorOfAnUnreadableLogIsReturned) {
    fs::create_symlink("mail.log", usual_[0]);
    const auto opened = open();
    EXPECT_EQ(opened.reply.state, State::unreadable);
    EXPECT_THAT(opened.reply.error,
                testing::HasSubstr(usual_[0] + ": Too many levels of symbolic links"));
}

TEST_F(MaillogOpener, TheLogRotatedLastInThisBootIsTheOldOne) {
    written("mail.log", 10min);
    written("mail.log.2", 1min);
    written("mail.log.1", 3min);
    written("mail.log-20261122", 2min);
    const auto opened = open_old();
    EXPECT_EQ(opened.reply.state, State::opened);
    EXPECT_EQ(opened.reply.path, folder_ / "mail.log.1");
    EXPECT_EQ(first_bytes(opened.descriptor), "mail.log.1");
}

TEST_F(MaillogOpener, ALogRotatedBeforeThisBootIsIgnored) {
    written("mail.log.1", -1min);
    EXPECT_EQ(open_old().reply.state, State::missing);
    written("mail.log.old", 1min);
    EXPECT_EQ(open_old().reply.path, folder_ / "mail.log.old");
}

TEST_F(MaillogOpener, OnlyRotatedUncompressedLogsAreOldLogs) {
    for (const char* name :
         {"mail.log.1.gz", "mail.log.1.xz", "mail.log-20261122.bz2", "mail.log.20261122-101500.gz",
          "mail.log.1.zst", "mail.log.offset", "mail.log.bak", "mail.log.-1", "mail.log.",
          "mail.log-", "mail.logs.1", "mail.err.1"}) {
        written(name, 5min);
    }
    fs::create_directory(folder_ / "mail.log.3");
    ASSERT_EQ(::mkfifo((folder_ / "mail.log.4").c_str(), 0600), 0);
    EXPECT_EQ(open_old().reply.state, State::missing);
    written("mail.log.20261122-101500", 1min);
    EXPECT_EQ(open_old().reply.path, folder_ / "mail.log.20261122-101500");
}

TEST_F(MaillogOpener, TheOldLogIsFoundWithoutANewOne) {
    written("maillog-20261122", 1min);
    EXPECT_EQ(open_old().reply.path, folder_ / "maillog-20261122");
}

}  // namespace
