// SPDX-License-Identifier: Apache-2.0
// Compared with what systemd-escape --path --suffix=mount prints.
#include "core/parse/unit_name.hpp"

#include <gtest/gtest.h>

namespace {

TEST(UnitName, APathBecomesAMountUnitAsSystemdEscapesIt) {
    EXPECT_EQ(core::mount_unit_name("/Mail"), "Mail.mount");
    EXPECT_EQ(core::mount_unit_name("/srv/mail/"), "srv-mail.mount");
    EXPECT_EQ(core::mount_unit_name("/"), "-.mount");
    EXPECT_EQ(core::mount_unit_name("//srv//x"), "srv-x.mount");
    EXPECT_EQ(core::mount_unit_name("/srv/my-mail"), R"(srv-my\x2dmail.mount)");
    EXPECT_EQ(core::mount_unit_name("/.hidden/.a"), R"(\x2ehidden-.a.mount)");
    EXPECT_EQ(core::mount_unit_name("/a b/\xc3\xbc_:."), R"(a\x20b-\xc3\xbc_:..mount)");
}

}  // namespace
