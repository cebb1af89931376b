// SPDX-License-Identifier: Apache-2.0
#include "core/parse/mountinfo.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace {

const std::string root_line = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard";
const std::string efs_line =
    "163 27 0:40 / /Mail rw,relatime shared:61 - nfs4 srv:/ "
    "rw,vers=4.1,rsize=262144,hard,noresvport,proto=tcp,timeo=600,retrans=2,sec=sys,clientaddr=192."
    "168.77.2,"
    "local_lock=none,addr=192.168.77.1";

TEST(Mountinfo, ALineOfAnNfsMountIsTakenApart) {
    const auto entry = core::parse_mountinfo_line(efs_line);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->mount_point, "/Mail");
    EXPECT_EQ(entry->device, "0:40");
    EXPECT_EQ(entry->fstype, "nfs4");
    EXPECT_EQ(entry->source, "srv:/");
    EXPECT_EQ(entry->options, "rw,relatime");
    EXPECT_THAT(entry->super_options, testing::StartsWith("rw,vers=4.1,"));
    EXPECT_THAT(entry->super_options, testing::EndsWith(",addr=192.168.77.1"));
    EXPECT_FALSE(entry->read_only);
}

TEST(Mountinfo, ThereMayBeAnyNumberOfOptionalFields) {
    for (const char* fields :
         {"", "shared:61 ", "shared:61 master:2 propagate_from:3 unbindable "}) {
        const auto entry = core::parse_mountinfo_line("163 27 0:40 / /Mail rw " +
                                                      std::string(fields) + "- nfs4 srv:/ rw");
        ASSERT_TRUE(entry) << fields;
        EXPECT_EQ(entry->fstype, "nfs4") << fields;
        EXPECT_EQ(entry->source, "srv:/") << fields;
    }
}

TEST(Mountinfo, OctalEscapesAreUndone) {
    const auto entry = core::parse_mountinfo_line(
        R"(40 27 0:41 / /my\040mail\011\134x\012 rw - nfs4 a\040b:/ rw)");
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->mount_point, "/my mail\t\\x\n");
    EXPECT_EQ(entry->source, "a b:/");
}

TEST(Mountinfo, ABackslashThatBeginsNoEscapeStays) {
    EXPECT_EQ(core::unescape_mount_field(R"(\04)"), R"(\04)");
    EXPECT_EQ(core::unescape_mount_field(R"(a\089b\)"), R"(a\089b\)");
    EXPECT_EQ(core::unescape_mount_field(R"(\777)"), R"(\777)");
}

TEST(Mountinfo, AnEmptySourceIsNotTakenForTheOptions) {
    const auto entry = core::parse_mountinfo_line("40 27 0:41 / /x rw - tmpfs  rw,size=4k");
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->source, "");
    EXPECT_EQ(entry->super_options, "rw,size=4k");
}

TEST(Mountinfo, ReadOnlyIsSeenInEitherListAndOnlyAsAWholeWord) {
    const auto read_only = [](const char* options, const char* super_options) {
        return core::parse_mountinfo_line("1 2 0:1 / /x " + std::string(options) + " - nfs4 s " +
                                          super_options)
            ->read_only;
    };
    EXPECT_TRUE(read_only("ro,relatime", "rw"));
    EXPECT_TRUE(read_only("relatime,ro", "rw"));
    EXPECT_TRUE(read_only("rw", "ro,vers=4.1"));
    EXPECT_FALSE(read_only("rw,errors=remount-ro", "rw,root,proto=tcp"));
}

TEST(Mountinfo, LinesWithoutTheFormAreSkipped) {
    for (const char* garbage :
         {"", " ", "-", "garbage", "1 2 3", "163 27 0:40 / /Mail rw", "163 27 0:40 / /Mail rw -",
          "163 27 0:40 / /Mail rw - nfs4", "163 27 0:40 / /Mail rw - nfs4 srv:/",
          "x 27 0:40 / /Mail rw - nfs4 srv:/ rw", "163 27 0:40 / Mail rw - nfs4 srv:/ rw"}) {
        EXPECT_FALSE(core::parse_mountinfo_line(garbage)) << garbage;
    }
    const auto entries =
        core::parse_mountinfo("garbage\n\n" + root_line + "\n163 27 0:40\n" + efs_line);
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].mount_point, "/");
    EXPECT_EQ(entries[1].mount_point, "/Mail");
}

TEST(Mountinfo, TheLastEntryOfAMountPointWins) {
    const std::string text = root_line + "\n" + efs_line +
                             "\n170 163 0:50 / /Mail rw - tmpfs tmpfs rw\n" +
                             "171 27 0:51 / /Mail2 rw - ext4 /dev/vdb rw\n";
    const auto entry = core::find_mount(text, "/Mail");
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->fstype, "tmpfs");
}

TEST(Mountinfo, OnlyExactlyThePathIsFound) {
    const std::string text = root_line + "\n" + efs_line + "\n";
    EXPECT_FALSE(core::find_mount(text, "/Mai"));
    EXPECT_FALSE(core::find_mount(text, "/Mail/"));
    EXPECT_FALSE(core::find_mount(text, "/Mail/i-0123456789abcdef0"));
    EXPECT_FALSE(core::find_mount("", "/Mail"));
}

}  // namespace
