// SPDX-License-Identifier: Apache-2.0
// Uses the real /proc, with a copy of cat at the path of Postfix's master (it waits for its input);
// and an artificial /proc for states that the real one does not show on demand.
#include "agent/host/master_processes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <string>

#include "unit/agent/pretended_master.hpp"
#include "unit/temporary_directory.hpp"

namespace {

using agent::testing::Lock;
using agent::testing::Master;
using tests::write_file;
namespace fs = std::filesystem;

std::optional<core::ProcessFacts> found(pid_t pid) {
    auto masters = agent::find_masters();
    EXPECT_TRUE(masters.has_value());
    for (core::ProcessFacts& facts : *masters) {
        if (facts.pid == pid) {
            return std::move(facts);
        }
    }
    return std::nullopt;
}

std::uint64_t inode_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_ino;
}

TEST(MasterProcesses, AMasterIsFoundWithItsQueueAndItsLock) {
    const tests::TemporaryDirectory folder;
    const Master master(folder, Lock::taken);
    const auto facts = found(master.pid());
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->exe, folder / "postfix/sbin/master");
    EXPECT_EQ(facts->cwd, folder / "queue");
    EXPECT_TRUE(facts->is_master);
    EXPECT_GT(facts->start_ticks, 0U);
    EXPECT_TRUE(facts->holds_lock);
    EXPECT_EQ(facts->lock_path, folder / "queue/pid/master.pid");
    EXPECT_EQ(facts->lock_inode, inode_of(folder / "queue/pid/master.pid"));
    EXPECT_EQ(agent::describe_process(master.pid()), facts);
}

TEST(MasterProcesses, AnOpenPidFileWithoutTheLockIsNoLock) {
    const tests::TemporaryDirectory folder;
    const Master master(folder, Lock::none);
    const auto facts = found(master.pid());
    ASSERT_TRUE(facts);
    EXPECT_FALSE(facts->holds_lock);
    EXPECT_EQ(facts->lock_inode, 0U);
    EXPECT_EQ(facts->lock_path, "");
}

TEST(MasterProcesses, AnUnlinkedPidFileOfAMasterIsFound) {
    const tests::TemporaryDirectory folder;
    const Master master(folder, Lock::taken);
    fs::remove(folder / "queue/pid/master.pid");
    const auto facts = found(master.pid());
    ASSERT_TRUE(facts);
    EXPECT_TRUE(facts->holds_lock);
    EXPECT_EQ(facts->lock_path, folder / "queue/pid/master.pid (deleted)");
}

TEST(MasterProcesses, AnUpgradedMasterIsStillAMaster) {
    const tests::TemporaryDirectory folder;
    const Master master(folder, Lock::taken);
    fs::remove(folder / "postfix/sbin/master");
    const auto facts = found(master.pid());
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->exe, folder / "postfix/sbin/master");
}

TEST(MasterProcesses, AnotherProgramIsDescribedWithoutItsDescriptors) {
    const tests::TemporaryDirectory folder;
    const Master other(folder, Lock::taken, "cyrus/master");
    EXPECT_FALSE(found(other.pid()));
    const auto facts = agent::describe_process(other.pid());
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->exe, folder / "cyrus/master");
    EXPECT_FALSE(facts->is_master);
    EXPECT_FALSE(facts->holds_lock);
    EXPECT_EQ(facts->lock_path, "");
}

TEST(MasterProcesses, AProcessOfAnotherUserIsNoMaster) {
    if (::getuid() != 0) {
        GTEST_SKIP() << "needs root to start a process of another user";
    }
    constexpr uid_t unprivileged = 65534;
    const tests::TemporaryDirectory folder;
    const Master other(folder, Lock::taken, "postfix/sbin/master", unprivileged);
    EXPECT_FALSE(found(other.pid()));
    const auto facts = agent::describe_process(other.pid());
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->exe, folder / "postfix/sbin/master");
    EXPECT_FALSE(facts->is_master);
    EXPECT_FALSE(facts->holds_lock);
    EXPECT_EQ(agent::data_lock_of(other.pid()), std::nullopt);
}

TEST(MasterProcesses, AZombieIsNotFound) {
    const tests::TemporaryDirectory folder;
    const Master master(folder, Lock::taken);
    master.kill();
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(master.pid()), &info, WEXITED | WNOWAIT), 0);
    EXPECT_FALSE(found(master.pid()));
    EXPECT_FALSE(agent::describe_process(master.pid()));
}

TEST(MasterProcesses, MastersLocalLockIsFoundAmongItsDescriptors) {
    const tests::TemporaryDirectory folder;
    const Master master(folder, Lock::taken);
    EXPECT_EQ(agent::data_lock_of(master.pid()), folder / "queue/master.lock");
    EXPECT_EQ(agent::data_lock_of(::getpid()), std::nullopt);
    EXPECT_EQ(agent::data_lock_of(-1), std::nullopt);
}

TEST(MasterProcesses, AnUnusedPidHasNoProcess) {
    EXPECT_FALSE(agent::describe_process(0));
    EXPECT_FALSE(agent::describe_process(-1));
    EXPECT_FALSE(agent::describe_process(2147483647));
}

// An artificial /proc.
class ArtificialProc : public testing::Test {
   protected:
    void process(int pid, const std::string& exe, const std::string& namespaces) {
        const std::string path = proc_ / std::to_string(pid);
        fs::create_directories(path + "/fd");
        fs::create_directories(path + "/fdinfo");
        fs::create_symlink(exe, path + "/exe");
        fs::create_symlink("/Mail/i-0123456789abcdef0", path + "/cwd");
        write_file(path + "/stat",
                   std::to_string(pid) +
                       " (ma) S ster) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n");
        write_file(path + "/status",
                   "Name:\tmaster\nUid:\t" + user_ + "\nNSpid:\t" + namespaces + "\nThreads:\t1\n");
    }
    void descriptor(int pid, int number, const std::string& path, const std::string& lock) {
        const std::string process = proc_ / std::to_string(pid);
        fs::create_symlink(path, process + "/fd/" + std::to_string(number));
        write_file(process + "/fdinfo/" + std::to_string(number),
                   "pos:\t0\nflags:\t02100002\n" + lock);
    }

    tests::TemporaryDirectory proc_;
    std::string user_ = "0\t0\t0\t0";
};

TEST_F(ArtificialProc, TheRealUserOfAProcessCounts) {
    user_ = "0\t111\t0\t111";
    process(100, "/usr/lib/postfix/sbin/master", "100");
    user_ = "1000\t0\t0\t0";
    process(200, "/home/user/postfix/master", "200");
    const auto masters = agent::find_masters(proc_.path()).value();
    ASSERT_EQ(masters.size(), 1U);
    EXPECT_EQ(masters[0].pid, 100);
}

TEST_F(ArtificialProc, AMasterOfAContainerIsNotOfThisHost) {
    process(100, "/usr/lib/postfix/sbin/master", "100");
    process(200, "/usr/lib/postfix/sbin/master", "200\t7");
    process(300, "/usr/sbin/sshd", "300");
    const auto masters = agent::find_masters(proc_.path()).value();
    ASSERT_EQ(masters.size(), 1U);
    EXPECT_EQ(masters[0].pid, 100);
    EXPECT_EQ(masters[0].start_ticks, 4711U);
    EXPECT_EQ(masters[0].cwd, "/Mail/i-0123456789abcdef0");
    EXPECT_EQ(masters[0].unit, "");
}

TEST_F(ArtificialProc, TheUnitOfAMasterIsReported) {
    process(100, "/usr/lib/postfix/sbin/master", "100");
    write_file(proc_ / "100/cgroup", "0::/system.slice/system-postfix.slice/postfix@-.service\n");
    EXPECT_EQ(agent::find_masters(proc_.path()).value().at(0).unit, "postfix@-.service");
}

TEST_F(ArtificialProc, AmongManyDescriptorsTheLockedPidFileIsTaken) {
    process(100, "/usr/lib/postfix/sbin/master", "100");
    descriptor(100, 3, "/var/lib/postfix/master.lock",
               "lock:\t1: FLOCK  ADVISORY  WRITE 100 fe:00:5 0 EOF\n");
    descriptor(100, 4, "/Mail/i-0123456789abcdef0/pid/master.pid", "");
    descriptor(100, 5, "/Mail/i-0123456789abcdef0/pid/.nfs000001",
               "lock:\t1: FLOCK  ADVISORY  WRITE 100 00:28:6 0 EOF\n");
    for (int number = 6; number < 60; ++number) {
        descriptor(100, number, "socket:[1234]", "");
    }
    const auto masters = agent::find_masters(proc_.path()).value();
    ASSERT_EQ(masters.size(), 1U);
    EXPECT_TRUE(masters[0].holds_lock);
    EXPECT_EQ(masters[0].lock_inode, 6U);
    EXPECT_EQ(masters[0].lock_path, "/Mail/i-0123456789abcdef0/pid/.nfs000001");
}

TEST_F(ArtificialProc, AVanishingProcessIsLeftOut) {
    process(100, "/usr/lib/postfix/sbin/master", "100");
    fs::remove(proc_ / "100/stat");
    fs::create_directories(proc_ / "200");
    EXPECT_TRUE(agent::find_masters(proc_.path()).value().empty());
    EXPECT_FALSE(agent::describe_process(100, proc_ / "nowhere"));
}

TEST_F(ArtificialProc, AnUnreadableProcessListIsAnError) {
    const auto masters = agent::find_masters(proc_ / "nowhere");
    ASSERT_TRUE(masters.has_error());
    EXPECT_EQ(masters.error().message,
              "list the processes in " + (proc_ / "nowhere") + ": No such file or directory");
}

}  // namespace
