// SPDX-License-Identifier: Apache-2.0
// With real files, mounts of a private namespace, and real processes. The kernel notifies a
// change before the call that caused it returns; only the end of a process is waited for.
#include "agent/worker/host_watch.hpp"

#include "agent/base/small_file.hpp"
#include "agent/host/master_processes.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "unit/agent/pretended_master.hpp"
#include "unit/agent/silent_mount.hpp"
#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

using namespace std::chrono_literals;
using testing::Lock;
using testing::Master;
using tests::append_file;
using tests::write_file;
namespace fs = std::filesystem;

class HostWatchTest : public ::testing::Test {
   protected:
    HostWatchTest() {
        fs::create_directories(directory / "spool");
        fs::create_directories(directory / "lib");
        fs::create_directories(directory / "log");
        fs::create_symlink("/Mail/i-1", link);
    }

    static LocalPaths local() { return LocalPaths(read_proc_file("/proc/self/mountinfo").value()); }

    /// As observe_host does.
    void observe() {
        watch.arm_mounts();
        watch.arm_link(link, local());
        watch.arm_masters(data, local());
        watch.follow_masters(masters(), local());
    }
    /// As open_maillog does.
    void open_log() {
        watch.arm_maillog({log}, local());
        const FileDescriptor file(::open(log.c_str(), O_PATH | O_CLOEXEC));
        if (file) {
            watch.follow_maillog(file.get());
        }
    }
    /// Masters that stand below this test's directory.
    std::vector<core::ProcessFacts> masters() const {
        auto all = find_masters().value();
        std::erase_if(all, [this](const core::ProcessFacts& facts) {
            return !facts.exe.starts_with(directory.path());
        });
        return all;
    }

    /// The events that the worker would send to the server within that time.
    WorkerEvents notified(std::chrono::milliseconds within = 0ms) {
        Watch wanted = watch.watch();
        polled = wanted.descriptors.size();
        const int timeout = wanted.timeout_ms == 0 ? 0 : static_cast<int>(within.count());
        const int ready = ::poll(wanted.descriptors.data(), wanted.descriptors.size(), timeout);
        return ready > 0 || wanted.timeout_ms == 0 ? watch.on_watch(wanted.descriptors) : 0;
    }

    tests::TemporaryDirectory directory;
    std::string link = directory / "spool/postfix";
    std::string data = directory / "lib";
    std::string log = directory / "log/mail.log";
    HostWatch watch;
    std::size_t polled = 0;
};

TEST_F(HostWatchTest, BeforeTheFirstRequestNothingIsWatched) {
    EXPECT_TRUE(watch.watch().descriptors.empty());
    EXPECT_EQ(watch.watch().timeout_ms, -1);
}

TEST_F(HostWatchTest, WithoutAChangeNothingIsNotified) {
    write_file(log, "x\n");
    observe();
    open_log();
    EXPECT_EQ(notified(), 0U);
    EXPECT_GE(polled, 4U);
}

// ---- the mount table

TEST_F(HostWatchTest, AMountAndItsEndAreNotified) {
    ASSERT_TRUE(testing::enter_private_mounts());
    observe();
    EXPECT_EQ(notified(), 0U);
    {
        const testing::PrivateMount mount(directory / "Mail");
        EXPECT_EQ(notified(), worker_event::mounts);
        observe();
        EXPECT_EQ(notified(), 0U);
    }
    EXPECT_EQ(notified(), worker_event::mounts);
}

TEST_F(HostWatchTest, ABusyMountTableIsNotifiedOncePerRequest) {
    ASSERT_TRUE(testing::enter_private_mounts());
    observe();
    for (int i = 0; i < 20; ++i) {
        const testing::PrivateMount mount(directory / "Mail");
        EXPECT_EQ(notified(), i == 0 ? worker_event::mounts : 0U);
    }
    observe();
    EXPECT_EQ(notified(), 0U) << "the look has seen all of it";
}

// ---- the link

TEST_F(HostWatchTest, EachChangeOfTheLinkIsNotified) {
    const auto change = [this](const auto& how) {
        observe();
        EXPECT_EQ(notified(), 0U);
        how();
        return notified();
    };
    EXPECT_EQ(change([&] { fs::remove(link); }), worker_event::link);
    EXPECT_EQ(change([&] { fs::create_symlink("/Mail/i-2", link); }), worker_event::link);
    EXPECT_EQ(change([&] {
                  fs::create_symlink("/Mail/i-3", directory / "spool/new");
                  fs::rename(directory / "spool/new", link);
              }),
              worker_event::link);
    EXPECT_EQ(change([&] { EXPECT_EQ(::lchown(link.c_str(), 1, 1), 0); }), worker_event::link);
    EXPECT_EQ(change([&] { fs::rename(link, directory / "spool/away"); }), worker_event::link);
    EXPECT_EQ(change([&] { fs::create_directory(link); }), worker_event::link);
}

TEST_F(HostWatchTest, AChangeBesideTheLinkIsNotNotified) {
    observe();
    write_file(directory / "spool/postfix2", "x");
    fs::create_directory(directory / "spool/cron");
    fs::remove(directory / "spool/cron");
    EXPECT_EQ(notified(), 0U);
    fs::remove(link);
    EXPECT_EQ(notified(), worker_event::link) << "among what is not";
}

TEST_F(HostWatchTest, ABurstIsOneEventUntilTheNextRequest) {
    observe();
    EXPECT_EQ(notified(), 0U);
    const std::size_t before = polled;
    for (int i = 0; i < 1000; ++i) {
        fs::remove(link);
        fs::create_symlink("/Mail/" + std::to_string(i), link);
    }
    EXPECT_EQ(notified(), worker_event::link);
    fs::remove(link);
    EXPECT_EQ(notified(), 0U);
    EXPECT_EQ(polled, before - 1) << "muted: its descriptor is not polled";
    observe();
    EXPECT_EQ(notified(), 0U) << "the look has seen it";
    fs::create_symlink("/Mail/i-1", link);
    EXPECT_EQ(notified(), worker_event::link);
}

TEST_F(HostWatchTest, AChangeBetweenArmingAndLookIsNotifiedAgain) {
    observe();
    fs::remove(link);
    EXPECT_EQ(notified(), worker_event::link);
    watch.arm_mounts();
    watch.arm_link(link, local());
    fs::create_symlink("/Mail/i-1", link);
    watch.arm_masters(data, local());
    watch.follow_masters(masters(), local());
    EXPECT_EQ(notified(), worker_event::link);
}

TEST_F(HostWatchTest, ARecreatedLinkDirectoryIsWatchedAgain) {
    observe();
    fs::rename(directory / "spool", directory / "spool.away");
    EXPECT_EQ(notified(), worker_event::link);
    observe();
    EXPECT_EQ(notified(), 0U);
    fs::create_directory(directory / "spool");
    observe();
    fs::create_symlink("/Mail/i-1", directory / "spool.away/other");
    EXPECT_EQ(notified(), 0U);
    fs::create_symlink("/Mail/i-1", link);
    EXPECT_EQ(notified(), worker_event::link);
    observe();
    fs::remove_all(directory / "spool");
    EXPECT_EQ(notified(), worker_event::link);
}

TEST_F(HostWatchTest, AfterAReloadOnlyTheNewLinkIsWatched) {
    observe();
    const std::string old = std::exchange(link, directory / "lib/queue");
    observe();
    fs::remove(old);
    EXPECT_EQ(notified(), 0U);
    fs::create_symlink("/Mail/i-1", link);
    EXPECT_EQ(notified(), worker_event::link);
}

// ---- masters

TEST_F(HostWatchTest, TheEndOfAMasterIsNotified) {
    const Master master(directory, Lock::taken);
    observe();
    ASSERT_EQ(masters().size(), 1U);
    EXPECT_EQ(notified(), 0U);
    master.kill();
    EXPECT_EQ(notified(10s), worker_event::master);
    EXPECT_EQ(notified(), 0U);
    observe();
    EXPECT_EQ(notified(), 0U);
}

TEST_F(HostWatchTest, AMasterThatEndedBetweenTheLookAndTheWatchIsNotified) {
    auto master = std::make_unique<Master>(directory, Lock::taken);
    const auto seen = masters();
    ASSERT_EQ(seen.size(), 1U);
    watch.arm_masters(data, local());
    master.reset();
    watch.follow_masters(seen, local());
    EXPECT_EQ(notified(), worker_event::master);
    EXPECT_EQ(notified(), 0U);
    observe();
    EXPECT_EQ(notified(), 0U);
}

TEST_F(HostWatchTest, APidThatIsAnothersByNowIsNotifiedAsAnEnd) {
    const Master master(directory, Lock::taken);
    auto seen = masters();
    ASSERT_EQ(seen.size(), 1U);
    seen[0].start_ticks -= 1;
    watch.arm_masters(data, local());
    watch.follow_masters(seen, local());
    EXPECT_EQ(notified(), worker_event::master);
}

TEST_F(HostWatchTest, OneOfSeveralMastersIsEnough) {
    const tests::TemporaryDirectory elsewhere;
    const Master first(directory, Lock::taken);
    const Master second(elsewhere, Lock::taken);
    auto both = find_masters().value();
    std::erase_if(both, [&](const auto& facts) {
        return facts.pid != first.pid() && facts.pid != second.pid();
    });
    ASSERT_EQ(both.size(), 2U);
    watch.arm_masters(data, local());
    watch.follow_masters(both, local());
    EXPECT_EQ(notified(), 0U);
    second.kill();
    EXPECT_EQ(notified(10s), worker_event::master);
}

TEST_F(HostWatchTest, AMasterThatIsSeenTwiceIsWatchedOnce) {
    const Master master(directory, Lock::taken);
    observe();
    EXPECT_EQ(notified(), 0U);
    const std::size_t before = polled;
    for (int i = 0; i < 50; ++i) {
        observe();
    }
    EXPECT_EQ(notified(), 0U);
    EXPECT_EQ(polled, before);
}

TEST_F(HostWatchTest, AStartOfMasterIsNotifiedByItsLocalLock) {
    observe();
    write_file(data + "/prng_exch", "x");
    fs::remove(data + "/prng_exch");
    EXPECT_EQ(notified(), 0U);
    write_file(data + "/master.lock", "                            4711\n");
    EXPECT_EQ(notified(), worker_event::master) << "the first start ever";
    observe();
    EXPECT_EQ(notified(), 0U);
    {
        const FileDescriptor lock(::open((data + "/master.lock").c_str(), O_RDWR | O_CLOEXEC));
        EXPECT_EQ(notified(), 0U) << "it was only opened";
        ASSERT_EQ(::write(lock.get(), "4712", 4), 4);
    }
    EXPECT_EQ(notified(), worker_event::master) << "a later one";
}

TEST_F(HostWatchTest, TheDataDirectoryOfAPastMasterIsWatchedToo) {
    {
        const Master master(directory, Lock::taken);  // its local lock: queue/master.lock
        observe();
        EXPECT_EQ(notified(), 0U);
    }
    EXPECT_EQ(notified(10s), worker_event::master);
    observe();
    EXPECT_EQ(notified(), 0U);
    write_file(directory / "queue/master.lock", "4711\n");
    EXPECT_EQ(notified(), worker_event::master);
}

// ---- the log

TEST_F(HostWatchTest, LogLinesAreNotifiedOncePerRequest) {
    write_file(log, "1\n");
    open_log();
    EXPECT_EQ(notified(), 0U);
    const std::size_t before = polled;
    for (int i = 0; i < 1000; ++i) {
        append_file(log, "line\n");
    }
    EXPECT_EQ(notified(), worker_event::maillog);
    append_file(log, "line\n");
    EXPECT_EQ(notified(), 0U);
    EXPECT_EQ(polled, before - 1) << "a busy log costs nothing meanwhile";
    open_log();
    EXPECT_EQ(notified(), 0U);
    append_file(log, "line\n");
    EXPECT_EQ(notified(), worker_event::maillog);
}

TEST_F(HostWatchTest, ARequestForTheHostDoesNotRearmTheLog) {
    write_file(log, "1\n");
    observe();
    open_log();
    append_file(log, "line\n");
    EXPECT_EQ(notified(), worker_event::maillog);
    observe();
    append_file(log, "line\n");
    EXPECT_EQ(notified(), 0U);
}

TEST_F(HostWatchTest, ALogThatAppearsLaterIsNotified) {
    open_log();
    write_file(directory / "log/other.log", "x");
    EXPECT_EQ(notified(), 0U);
    write_file(log, "");
    EXPECT_EQ(notified(), worker_event::maillog);
}

TEST_F(HostWatchTest, ARotationAndLaterLinesInTheOldFileAreNotified) {
    write_file(log, "1\n");
    open_log();
    fs::rename(log, log + ".1");
    EXPECT_EQ(notified(), worker_event::maillog);
    open_log();
    append_file(log + ".1", "late\n");
    EXPECT_EQ(notified(), worker_event::maillog) << "while there is no new file";
    open_log();
    write_file(log, "");
    EXPECT_EQ(notified(), worker_event::maillog);
    open_log();
    append_file(log + ".1", "late\n");
    EXPECT_EQ(notified(), worker_event::maillog) << "its writer has not reopened the log yet";
    open_log();
    append_file(log, "new\n");
    EXPECT_EQ(notified(), worker_event::maillog);
}

TEST_F(HostWatchTest, AfterTheNextRotationTheOldestFileIsNotWatched) {
    for (int i = 1; i <= 3; ++i) {
        write_file(log, "x\n");
        open_log();
        fs::rename(log, log + "." + std::to_string(i));
    }
    open_log();
    EXPECT_EQ(notified(), 0U);
    append_file(log + ".1", "x\n");
    EXPECT_EQ(notified(), 0U);
    append_file(log + ".2", "x\n");
    EXPECT_EQ(notified(), worker_event::maillog);
}

TEST_F(HostWatchTest, ATruncatedLogIsNotified) {
    write_file(log, "1\n");
    open_log();
    fs::resize_file(log, 0);
    EXPECT_EQ(notified(), worker_event::maillog);
}

TEST_F(HostWatchTest, ALogBehindALinkIsWatchedWhereItIsRotated) {
    fs::create_directory(directory / "disk");
    write_file(directory / "disk/real.log", "1\n");
    fs::create_symlink(directory / "disk/real.log", log);
    watch.arm_maillog({log}, local());
    const FileDescriptor file(::open(log.c_str(), O_PATH | O_CLOEXEC));
    watch.follow_maillog(file.get());
    append_file(directory / "disk/real.log", "2\n");
    EXPECT_EQ(notified(), worker_event::maillog);
    fs::remove(directory / "disk/real.log");
    watch.arm_maillog({log}, local());
    write_file(directory / "disk/real.log", "3\n");
    EXPECT_EQ(notified(), 0U) << "known limit: where a link dangles, the interval finds out";
    watch.arm_maillog({log}, local());
    fs::rename(directory / "disk/real.log", directory / "disk/real.log.1");
    EXPECT_EQ(notified(), worker_event::maillog);
}

TEST_F(HostWatchTest, WhereTheJournalIsReadNoLogIsWatched) {
    write_file(log, "1\n");
    open_log();
    watch.arm_maillog({}, local());
    append_file(log, "2\n");
    EXPECT_EQ(notified(), 0U);
    EXPECT_EQ(polled, 0U);
}

// ---- what must not be watched

TEST_F(HostWatchTest, NothingIsWatchedOnAFileSystemThatMayHang) {
    const testing::SilentMount mount(directory / "Mail");
    if (!mount.works()) {
        GTEST_SKIP() << "no FUSE here";
    }
    fs::remove(link);
    fs::create_symlink(directory / "Mail/i-1", link);
    data = directory / "Mail/lib";
    observe();  // comes back
    watch.arm_maillog({directory / "Mail/log/mail.log"}, local());
    EXPECT_EQ(notified(), 0U);
    fs::remove(link);
    EXPECT_EQ(notified(), worker_event::link) << "the link itself is local, whatever it names";

    link = directory / "Mail/spool/postfix";
    observe();
    EXPECT_EQ(notified(), 0U);
}

}  // namespace
}  // namespace agent
