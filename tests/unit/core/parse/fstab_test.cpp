// SPDX-License-Identifier: Apache-2.0
#include "core/parse/fstab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Fstab, TheLineOfAMountPointIsFoundWithItsNumber) {
    const auto lines = core::fstab_lines(
        "# comment\n/dev/sda1 / ext4 defaults 0 1\nsrv:/\t/Mail  nfs4 _netdev,nfsvers=4.1 0 0\n",
        "/Mail");
    ASSERT_THAT(lines, SizeIs(1));
    EXPECT_EQ(lines[0].number, 3U);
    EXPECT_FALSE(lines[0].commented);
    EXPECT_EQ(lines[0].source, "srv:/");
    EXPECT_EQ(lines[0].type, "nfs4");
    EXPECT_THAT(lines[0].options, ElementsAre("_netdev", "nfsvers=4.1"));
    EXPECT_TRUE(lines[0].has("_netdev"));
    EXPECT_FALSE(lines[0].has("nfsvers"));
    EXPECT_TRUE(lines[0].has_prefix("nfsvers="));
}

TEST(Fstab, ACommentedLineIsMarkedAndProseIsSkipped) {
    const auto lines =
        core::fstab_lines("#srv:/ /Mail nfs4 rw 0 0\n# we mount /Mail by hand\n", "/Mail");
    ASSERT_THAT(lines, SizeIs(1));
    EXPECT_TRUE(lines[0].commented);
}

TEST(Fstab, TwoLinesTrailingSlashesAndEscapesAreSeen) {
    EXPECT_THAT(core::fstab_lines("a:/ /Mail/ nfs4\nb:/ /Mail efs tls", "/Mail"), SizeIs(2));
    EXPECT_THAT(core::fstab_lines("a:/ /My\\040Mail nfs4 rw", "/My Mail"), SizeIs(1));
}

TEST(Fstab, OtherMountPointsAndShortLinesAreNot) {
    EXPECT_THAT(core::fstab_lines("a:/ /Mail2 nfs4 rw\na:/ /Mail\n/Mail /x none bind\n\n", "/Mail"),
                IsEmpty());
    EXPECT_THAT(core::fstab_lines("", "/Mail"), IsEmpty());
}

}  // namespace
