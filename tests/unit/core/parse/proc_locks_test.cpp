// SPDX-License-Identifier: Apache-2.0
#include "core/parse/proc_locks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace {

using core::lock_holders;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ProcLocks, ALockOfAnyKindAndModeHasAHolder) {
    for (const char* lock :
         {"FLOCK  ADVISORY  WRITE", "FLOCK  ADVISORY  READ ", "POSIX  ADVISORY  WRITE",
          "POSIX  ADVISORY  READ ", "POSIX  MANDATORY WRITE"}) {
        EXPECT_THAT(
            lock_holders("1: " + std::string(lock) + " 771 00:28:131448 0 EOF\n", "0:40", 131448),
            ElementsAre(771))
            << lock;
    }
}

TEST(ProcLocks, DeviceNumbersAreHexadecimalThereAndDecimalInMountinfo) {
    const std::string locks = "1: FLOCK  ADVISORY  WRITE 771 103:1f:131448 0 EOF\n";
    EXPECT_THAT(lock_holders(locks, "259:31", 131448), ElementsAre(771));
    EXPECT_THAT(lock_holders(locks, "103:31", 131448), IsEmpty());
    EXPECT_THAT(lock_holders(locks, "259:1", 131448), IsEmpty());
}

TEST(ProcLocks, OnlyTheLocksOfThatFileCount) {
    const std::string locks =
        "1: FLOCK  ADVISORY  WRITE 1 00:28:131447 0 EOF\n"
        "2: FLOCK  ADVISORY  WRITE 2 00:29:131448 0 EOF\n"
        "3: FLOCK  ADVISORY  WRITE 3 00:28:131448 0 EOF\n"
        "4: FLOCK  ADVISORY  WRITE 4 00:28:1131448 0 EOF\n";
    EXPECT_THAT(lock_holders(locks, "0:40", 131448), ElementsAre(3));
}

TEST(ProcLocks, AWaitingProcessHoldsNothing) {
    const std::string locks =
        "1: FLOCK  ADVISORY  WRITE 771 00:28:131448 0 EOF\n"
        "1: -> FLOCK  ADVISORY  WRITE 772 00:28:131448 0 EOF\n"
        "1:  -> POSIX  ADVISORY  WRITE 773 00:28:131448 0 EOF\n";
    EXPECT_THAT(lock_holders(locks, "0:40", 131448), ElementsAre(771));
}

TEST(ProcLocks, AHolderOfTwoLocksIsOneHolder) {
    const std::string locks =
        "1: POSIX  ADVISORY  READ 771 00:28:131448 0 9\n"
        "2: POSIX  ADVISORY  WRITE 771 00:28:131448 10 EOF\n"
        "3: POSIX  ADVISORY  READ 772 00:28:131448 0 9\n";
    EXPECT_THAT(lock_holders(locks, "0:40", 131448), ElementsAre(771, 772));
}

TEST(ProcLocks, AnOpenFileDescriptionLockHasNoPid) {
    EXPECT_THAT(lock_holders("1: OFDLCK ADVISORY  WRITE -1 00:28:131448 0 EOF\n", "0:40", 131448),
                ElementsAre(0));
}

TEST(ProcLocks, WhatDoesNotHaveTheFormIsNoLock) {
    for (const char* line :
         {"", "\n", "1: FLOCK", "1: FLOCK  ADVISORY  WRITE 771", "1: LEASE  ACTIVE    READ  771",
          "1: FLOCK  ADVISORY  WRITE 771 <none>:0 0 EOF",
          "1: FLOCK  ADVISORY  WRITE x 00:28:5 0 EOF"}) {
        EXPECT_THAT(lock_holders(line, "0:40", 5), IsEmpty()) << line;
    }
    EXPECT_THAT(lock_holders("1: FLOCK  ADVISORY  WRITE 771 00:28:5 0 EOF\n", "", 5), IsEmpty());
    EXPECT_THAT(lock_holders("1: FLOCK  ADVISORY  WRITE 771 00:28:5 0 EOF\n", "0", 5), IsEmpty());
}

}  // namespace
