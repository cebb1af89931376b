// SPDX-License-Identifier: Apache-2.0
#include "core/parse/process_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

std::string stat_of(const std::string& name, const std::string& state = "S",
                    const std::string& flags = "4194560") {
    return "1051 (" + name + ") " + state + " 1 1051 1051 0 -1 " + flags +
           " 1054 0 0 0 0 1 0 0 20 0 1 0 109481 3133440 380 18446744073709551615 1 2 3 0 0\n";
}

TEST(ProcessText, TheStartTimeIsField22) {
    const auto stat = core::parse_process_stat(stat_of("master"));
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->start_ticks, 109481U);
    EXPECT_TRUE(stat->alive());
}

TEST(ProcessText, ANameWithParenthesesAndBlanksShiftsNothing) {
    for (const char* name : {"a) S 1 2", "(", ")", ") Z 9 9 9 9 9 9 9 9", "a b  c", ""}) {
        const auto stat = core::parse_process_stat(stat_of(name));
        ASSERT_TRUE(stat) << name;
        EXPECT_EQ(stat->start_ticks, 109481U) << name;
        EXPECT_EQ(stat->state, 'S') << name;
    }
}

TEST(ProcessText, AZombieIsNotAlive) {
    EXPECT_FALSE(core::parse_process_stat(stat_of("master", "Z"))->alive());
    EXPECT_FALSE(core::parse_process_stat(stat_of("master", "X"))->alive());
    EXPECT_TRUE(core::parse_process_stat(stat_of("master", "D"))->alive());
}

TEST(ProcessText, AnExitingProcessIsNotAlive) {
    EXPECT_FALSE(core::parse_process_stat(stat_of("master", "R", "4194564"))->alive());
}

TEST(ProcessText, AStatThatIsCutShortIsNoStat) {
    EXPECT_FALSE(core::parse_process_stat(""));
    EXPECT_FALSE(core::parse_process_stat("1051 (master)"));
    EXPECT_FALSE(core::parse_process_stat("1051 (master) S 1 1051 1051"));
}

TEST(ProcessText, AProcessOfAContainerHasAPidInMoreThanOneNamespace) {
    EXPECT_EQ(
        core::pid_namespace_depth("Name:\tmaster\nNStgid:\t7\t8\t9\nNSpid:\t1051\nThreads:\t1\n"),
        1U);
    EXPECT_EQ(core::pid_namespace_depth("Name:\tmaster\nNSpid:\t1051\t7\nThreads:\t1\n"), 2U);
    EXPECT_EQ(core::pid_namespace_depth("Name:\tmaster\nThreads:\t1\n"), std::nullopt);
}

TEST(ProcessText, TheRealUserIsTheFirstOfTheFour) {
    EXPECT_EQ(core::real_user("Name:\tmaster\nUid:\t0\t111\t0\t111\nGid:\t7\t7\t7\t7\n"), 0U);
    EXPECT_EQ(core::real_user("Name:\tmaster\nUid:\t1000\t0\t0\t0\n"), 1000U);
    EXPECT_EQ(core::real_user("Uid:\t4294967294\t0\t0\t0\n"), 4294967294U);
    EXPECT_EQ(core::real_user("Name:\tmaster\nGid:\t0\t0\t0\t0\n"), std::nullopt);
    EXPECT_EQ(core::real_user("Uid:\n"), std::nullopt);
}

TEST(ProcessText, AnExclusiveFlockHasItsInode) {
    const std::string head = "pos:\t0\nflags:\t02100002\nmnt_id:\t163\nino:\t131448\n";
    EXPECT_EQ(core::write_flock_inode(head +
                                      "lock:\t1: FLOCK  ADVISORY  WRITE 4904 00:28:131448 0 EOF\n"),
              131448U);
    EXPECT_EQ(
        core::write_flock_inode(
            head + "lock:\t1: FLOCK  ADVISORY  WRITE 4904 fe:00:18446744073709551615 0 EOF\n"),
        18446744073709551615U);
    EXPECT_EQ(core::write_flock_inode(head), std::nullopt);
}

TEST(ProcessText, OtherLocksAreNotMastersLock) {
    for (const char* lock :
         {"lock:\t1: FLOCK  ADVISORY  READ 4904 00:28:131448 0 EOF\n",
          "lock:\t1: POSIX  ADVISORY  WRITE 4904 00:28:131448 0 EOF\n",
          "lock:\t1: OFDLCK ADVISORY  WRITE -1 00:28:131448 0 EOF\n",
          "lock:\t1: LEASE  ACTIVE    WRITE 4904 00:28:131448 0 EOF\n", "lock:\t\n",
          "lock:\t1: FLOCK\n", "lock:\t1: FLOCK  ADVISORY  WRITE 4904 garbage 0 EOF\n"}) {
        EXPECT_EQ(core::write_flock_inode(lock), std::nullopt) << lock;
    }
    EXPECT_EQ(core::write_flock_inode("lock:\t1: POSIX  ADVISORY  READ 1 00:28:5 0 EOF\n"
                                      "lock:\t2: FLOCK  ADVISORY  WRITE 1 00:28:6 0 EOF\n"),
              6U);
}

TEST(ProcessText, MasterIsRecognizedByItsNameAndFolder) {
    EXPECT_TRUE(core::is_master_executable("/usr/lib/postfix/sbin/master"));
    EXPECT_TRUE(core::is_master_executable("/usr/libexec/postfix/master"));
    EXPECT_TRUE(core::is_master_executable("/usr/lib/postfix/sbin/master (deleted)"));
    EXPECT_FALSE(core::is_master_executable("/usr/lib/postfix/sbin/qmgr"));
    EXPECT_FALSE(core::is_master_executable("/usr/lib/postfix/sbin/postmaster"));
    EXPECT_FALSE(core::is_master_executable("/usr/lib/cyrus/bin/master"));
    EXPECT_FALSE(core::is_master_executable("/home/notpostfix/master"));
    EXPECT_FALSE(core::is_master_executable("postfix/master"));
    EXPECT_FALSE(core::is_master_executable(""));
}

TEST(ProcessText, AMasterPidThatWasUnlinkedIsStillOne) {
    EXPECT_TRUE(core::is_master_pid_file("/Mail/i-0123456789abcdef0/pid/master.pid"));
    EXPECT_TRUE(core::is_master_pid_file("/Mail/i-0123456789abcdef0/pid/master.pid (deleted)"));
    EXPECT_TRUE(
        core::is_master_pid_file("/Mail/i-0123456789abcdef0/pid/.nfs00000000000201dd00000001"));
    EXPECT_FALSE(core::is_master_pid_file("/var/lib/postfix/master.lock"));
    EXPECT_FALSE(core::is_master_pid_file("/Mail/i-0123456789abcdef0/pid/inet.smtp"));
    EXPECT_FALSE(
        core::is_master_pid_file("/Mail/i-0123456789abcdef0/active/.nfs00000000000201dd00000001"));
    EXPECT_FALSE(core::is_master_pid_file("/Mail/stupid/master.pid"));
    EXPECT_FALSE(core::is_master_pid_file("socket:[1234]"));
}

TEST(ProcessText, TheUnitIsTheInnermostServiceOfTheControlGroup) {
    EXPECT_EQ(core::unit_of_cgroup("0::/system.slice/system-postfix.slice/postfix@-.service\n"),
              "postfix@-.service");
    EXPECT_EQ(core::unit_of_cgroup("0::/system.slice/postfix.service/workers\n"),
              "postfix.service");
    EXPECT_EQ(
        core::unit_of_cgroup("0::/user.slice/user-0.slice/user@0.service/app.slice/mine.service\n"),
        "mine.service");
    EXPECT_EQ(core::unit_of_cgroup("0::/system.slice/postfix.service (deleted)\n"),
              "postfix.service");
}

TEST(ProcessText, InCgroupV1OnlySystemdsHierarchyNamesTheUnit) {
    EXPECT_EQ(
        core::unit_of_cgroup(
            "8:pids:/system.slice/other.service\n1:name=systemd:/system.slice/postfix.service\n"
            "0::/\n"),
        "postfix.service");
    EXPECT_EQ(core::unit_of_cgroup("8:pids:/system.slice/other.service\n"), "");
}

TEST(ProcessText, AProcessOutsideAServiceHasNoUnit) {
    for (const char* text : {"", "0::/\n", "0::/user.slice/user-0.slice/session-1.scope\n",
                             "0::/.service\n", "0:\n", "0::/system.slice/postfix.service.d\n"}) {
        EXPECT_EQ(core::unit_of_cgroup(text), "") << text;
    }
}

TEST(ProcessText, MastersSecondLockIsInItsDataDirectory) {
    EXPECT_TRUE(core::is_data_lock_file("/var/lib/postfix/master.lock"));
    EXPECT_FALSE(core::is_data_lock_file("/var/lib/postfix/master.lock (deleted)"));
    EXPECT_FALSE(core::is_data_lock_file("/var/lib/postfix/postmaster.lock"));
    EXPECT_FALSE(core::is_data_lock_file("master.lock"));
}

}  // namespace
