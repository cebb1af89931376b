// SPDX-License-Identifier: Apache-2.0
#include "core/nfs/mountstats.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

std::string nfs_section(const std::string& mount_point, const std::string& lease) {
    return "device srv:/ mounted on " + mount_point +
           " with fstype nfs4 statvers=1.1\n"
           "\topts:\trw,vers=4.1,rsize=1048576,addr=192.168.77.1\n"
           "\tage:\t152\n"
           "\tcaps:\tcaps=0x3ffbffff,wtmult=512,dtsize=1048576,bsize=0,namlen=255\n"
           "\tnfsv4:\tbm0=0xfdffbfff,bm1=0x40f9be3e,bm2=0x60803,acl=0x0,sessions,pnfs=not "
           "configured,lease_time=30" +
           lease +
           "\n"
           "\tsec:\tflavor=1,pseudoflavor=1\n"
           "\tper-op statistics\n"
           "\t        NULL: 1 1 0 44 24 0 0 0 0\n";
}

const std::string local =
    "device proc mounted on /proc with fstype proc\ndevice /dev/vda mounted on / with fstype "
    "ext4\n";

TEST(Mountstats, AStandingLeaseIsZero) {
    EXPECT_EQ(core::lease_expired(local + nfs_section("/Mail", ",lease_expired=0"), "/Mail"), 0);
}

TEST(Mountstats, ALostLeaseSaysForHowLong) {
    EXPECT_EQ(core::lease_expired(local + nfs_section("/Mail", ",lease_expired=37"), "/Mail"), 37);
}

TEST(Mountstats, TheLeaseOfAnotherMountIsNotTaken) {
    const std::string text = nfs_section("/other", ",lease_expired=99") + local +
                             nfs_section("/Mail", ",lease_expired=1") +
                             nfs_section("/Mail2", ",lease_expired=98");
    EXPECT_EQ(core::lease_expired(text, "/Mail"), 1);
}

TEST(Mountstats, OfStackedMountsTheLastCounts) {
    const std::string two =
        nfs_section("/Mail", ",lease_expired=5") + nfs_section("/Mail", ",lease_expired=6");
    EXPECT_EQ(core::lease_expired(two, "/Mail"), 6);
    EXPECT_EQ(
        core::lease_expired(two + "device tmpfs mounted on /Mail with fstype tmpfs\n", "/Mail"),
        std::nullopt);
}

TEST(Mountstats, AnOldKernelSaysNothing) {
    EXPECT_EQ(core::lease_expired(nfs_section("/Mail", ""), "/Mail"), std::nullopt);
}

TEST(Mountstats, WhatIsNotNfsOrNotThereSaysNothing) {
    EXPECT_EQ(core::lease_expired(local, "/"), std::nullopt);
    EXPECT_EQ(core::lease_expired(local, "/Mail"), std::nullopt);
    EXPECT_EQ(core::lease_expired("", "/Mail"), std::nullopt);
    EXPECT_EQ(core::lease_expired(nfs_section("/Mail", ",lease_expired=soon"), "/Mail"),
              std::nullopt);
}

// Linux 6.1, knfsd, NFSv4.1; operations that were never used left out.
const std::string counted =
    "device srv:/ mounted on /Mail with fstype nfs4 statvers=1.1\n"
    "\topts:\trw,vers=4.1,rsize=1048576,wsize=1048576,namlen=255,hard,proto=tcp,timeo=600,retrans="
    "2,addr=192.168.77.1\n"
    "\tage:\t3152\n"
    "\timpl_id:\tname='',domain='',date='0,0'\n"
    "\tcaps:\tcaps=0x3ffbffff,wtmult=512,dtsize=1048576,bsize=0,namlen=255\n"
    "\tnfsv4:\tbm0=0xfdffbfff,bm1=0x40f9be3e,bm2=0x60803,acl=0x3,sessions,pnfs=not "
    "configured,lease_time=30,"
    "lease_expired=0\n"
    "\tsec:\tflavor=1,pseudoflavor=1\n"
    "\tevents:\t114 2241 44 92 61 29 2520 12 0 5 0 0 0 34 71 0 0 63 0 0 0 0 0 0 0 0 0 \n"
    "\tbytes:\t11 22 33 44 700001 900002 5 7 \n"
    "\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)\n"
    "\txprt:\ttcp 803 1 2 0 7 1433 1431 3 1500 12 2 31 1433\n"
    "\txprt:\ttcp 0 0 1 0 0 10 10 0 10 1 2 0 10\n"
    "\tper-op statistics\n"
    "\t        NULL: 1 1 0 44 24 0 0 0 0\n"
    "\t        READ: 51 52 1 8364 1228 4 37 41 2\n"
    "\t        OPEN: 10 10 0 3000 4000 1 20 22 3\n"
    "\t OPEN_NOATTR: 5 5 0 1500 2000 0 10 11 1\n"
    "\t       CLOSE: 15 15 0 3000 4000 0 9 10 0\n"
    "\t     READDIR: 48 48 0 9000 900000 2 120 130 0\n"
    "\t EXCHANGE_ID: 1 1 0 200 100 0 1 1 0\n";

TEST(Mountstats, TheOperationsThatMatterAreCountedByName) {
    using core::NfsFigure;
    const auto facts = core::nfs_facts(local + counted, "/Mail");
    ASSERT_TRUE(facts);
    const auto read = [&](NfsFigure figure) { return facts->of(core::NfsOperation::read, figure); };
    EXPECT_EQ(read(NfsFigure::operations), 51U);
    EXPECT_EQ(read(NfsFigure::transmissions), 52U);
    EXPECT_EQ(read(NfsFigure::major_timeouts), 1U);
    EXPECT_EQ(read(NfsFigure::queue_ms), 4U);
    EXPECT_EQ(read(NfsFigure::response_ms), 37U);
    EXPECT_EQ(read(NfsFigure::request_ms), 41U);
    EXPECT_EQ(read(NfsFigure::errors), 2U);
    EXPECT_EQ(facts->of(core::NfsOperation::open, NfsFigure::operations),
              15U);  // with and without attributes
    EXPECT_EQ(facts->of(core::NfsOperation::open, NfsFigure::errors), 4U);
    EXPECT_EQ(facts->of(core::NfsOperation::readdir, NfsFigure::request_ms), 130U);
    EXPECT_EQ(facts->of(core::NfsOperation::other, NfsFigure::operations),
              2U);  // NULL and EXCHANGE_ID
    EXPECT_TRUE(facts->errors_known);
}

TEST(Mountstats, AgeBytesAndEveryConnectionAreRead) {
    const auto facts = core::nfs_facts(counted, "/Mail");
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->age, 3152U);
    EXPECT_EQ(facts->bytes_read, 700001U);
    EXPECT_EQ(facts->bytes_written, 900002U);
    ASSERT_TRUE(facts->transport);
    EXPECT_EQ(*facts->transport, (core::NfsTransport{3, 1443, 1441, 3, 1510, 13}));
}

TEST(Mountstats, KernelsBefore5_3CountNoErrors) {
    const auto facts = core::nfs_facts(
        "device srv:/ mounted on /Mail with fstype nfs4 statvers=1.1\n"
        "\tper-op statistics\n\t        READ: 51 52 1 8364 1228 4 37 41\n",
        "/Mail");
    ASSERT_TRUE(facts);
    EXPECT_FALSE(facts->errors_known);
    EXPECT_EQ(facts->of(core::NfsOperation::read, core::NfsFigure::request_ms), 41U);
    EXPECT_FALSE(facts->transport);
}

TEST(Mountstats, OnlyTheMountThatIsAskedForCounts) {
    EXPECT_EQ(core::nfs_facts(local + counted, "/"), std::nullopt);
    EXPECT_EQ(core::nfs_facts(local + counted, "/Mail2"), std::nullopt);
    EXPECT_EQ(core::nfs_facts(counted + local, "/proc"), std::nullopt);
    EXPECT_EQ(core::nfs_facts(counted + nfs_section("/other", ""), "/Mail")->bytes_read, 700001U);
    EXPECT_EQ(
        core::nfs_facts(counted + "device tmpfs mounted on /Mail with fstype tmpfs\n", "/Mail"),
        std::nullopt);
    EXPECT_EQ(core::nfs_facts(counted + nfs_section("/Mail", ""), "/Mail")->age, 152U);
}

TEST(Mountstats, WhatCannotBeReadCountsAsNothing) {
    const auto facts = core::nfs_facts(
        "device srv:/ mounted on /Mail with fstype nfs4 statvers=1.1\n"
        "\tage:\tlong\n\tbytes:\t1 2 3\n\txprt:\trdma 0 0 1 0 0 10 10 0 10 1 2 0 10\n\txprt:\ttcp "
        "1 2\n"
        "\tper-op statistics\n\t READ: 1 2 3\n\t WRITE: 1 x 3 4 5 6 7 8 9\n\t\n\tCLOSE\n",
        "/Mail");
    EXPECT_EQ(facts, core::NfsFacts());
}

TEST(Mountstats, ABlankInTheMountPointIsEscaped) {
    EXPECT_EQ(core::lease_expired(nfs_section("/my\\040mail", ",lease_expired=3"), "/my mail"), 3);
}

}  // namespace
