// SPDX-License-Identifier: Apache-2.0
#include "core/mountstats.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

std::string nfs_section(const std::string& mount_point, const std::string& lease) {
    return "device srv:/ mounted on " + mount_point +
           " with fstype nfs4 statvers=1.1\n"
           "\topts:\trw,vers=4.1,rsize=1048576,addr=192.168.77.1\n"
           "\tage:\t152\n"
           "\tcaps:\tcaps=0x3ffbffff,wtmult=512,dtsize=1048576,bsize=0,namlen=255\n"
           "\tnfsv4:\tbm0=0xfdffbfff,bm1=0x40f9be3e,bm2=0x60803,acl=0x0,sessions,pnfs=not configured,lease_time=30" +
           lease +
           "\n"
           "\tsec:\tflavor=1,pseudoflavor=1\n"
           "\tper-op statistics\n"
           "\t        NULL: 1 1 0 44 24 0 0 0 0\n";
}

const std::string local =
    "device proc mounted on /proc with fstype proc\ndevice /dev/vda mounted on / with fstype ext4\n";

TEST(Mountstats, AStandingLeaseIsZero) {
    EXPECT_EQ(core::lease_expired(local + nfs_section("/Mail", ",lease_expired=0"), "/Mail"), 0);
}

TEST(Mountstats, ALostLeaseSaysForHowLong) {
    EXPECT_EQ(core::lease_expired(local + nfs_section("/Mail", ",lease_expired=37"), "/Mail"), 37);
}

TEST(Mountstats, TheLeaseOfAnotherMountIsNotTaken) {
    const std::string text = nfs_section("/other", ",lease_expired=99") + local +
                             nfs_section("/Mail", ",lease_expired=1") + nfs_section("/Mail2", ",lease_expired=98");
    EXPECT_EQ(core::lease_expired(text, "/Mail"), 1);
}

TEST(Mountstats, OfStackedMountsTheLastCounts) {
    const std::string two = nfs_section("/Mail", ",lease_expired=5") + nfs_section("/Mail", ",lease_expired=6");
    EXPECT_EQ(core::lease_expired(two, "/Mail"), 6);
    EXPECT_EQ(core::lease_expired(two + "device tmpfs mounted on /Mail with fstype tmpfs\n", "/Mail"), std::nullopt);
}

TEST(Mountstats, AnOldKernelSaysNothing) {
    EXPECT_EQ(core::lease_expired(nfs_section("/Mail", ""), "/Mail"), std::nullopt);
}

TEST(Mountstats, WhatIsNotNfsOrNotThereSaysNothing) {
    EXPECT_EQ(core::lease_expired(local, "/"), std::nullopt);
    EXPECT_EQ(core::lease_expired(local, "/Mail"), std::nullopt);
    EXPECT_EQ(core::lease_expired("", "/Mail"), std::nullopt);
    EXPECT_EQ(core::lease_expired(nfs_section("/Mail", ",lease_expired=soon"), "/Mail"), std::nullopt);
}

TEST(Mountstats, ABlankInTheMountPointIsEscaped) {
    EXPECT_EQ(core::lease_expired(nfs_section("/my\\040mail", ",lease_expired=3"), "/my mail"), 3);
}

}  // namespace
