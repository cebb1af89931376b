// SPDX-License-Identifier: Apache-2.0
#include "agent/report/message_id.hpp"

#include <gtest/gtest.h>

#include <set>

namespace agent {
namespace {

TEST(MessageId, IsDifferentForEachReasonOfEachCheck) {
    std::set<std::string> ids{message_id(core::Check::mount, core::Reason::none)};
    for (const core::ReasonInfo& row : core::all_reasons()) {
        const std::string id = message_id(row.check, row.reason);
        EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
        EXPECT_EQ(id.size(), 32U);
        EXPECT_TRUE(ids.insert(id).second) << id;
    }
}

/// Filters and alerts of users name these.
TEST(MessageId, NeverChanges) {
    EXPECT_EQ(message_id(core::Check::mount, core::Reason::none),
              "3bec9d3c78a749948dabc8b7c2d38b90");
    EXPECT_EQ(message_id(core::Check::mount, core::Reason::hung),
              "a8e0b3e70fcc57dcaf2eae8c444b3ad3");
    EXPECT_EQ(message_id(core::Check::master_pid, core::Reason::stale),
              "2439d55c3c345d07b70fd5ca802a4254");
}

}  // namespace
}  // namespace agent
