// SPDX-License-Identifier: Apache-2.0
#include "agent/base/journal_entry.hpp"

#include "agent/base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <array>

namespace agent {
namespace {

TEST(JournalEntry, IsALinePerField) {
    const std::array fields{JournalField{"MESSAGE", "health pass"}, JournalField{"PRIORITY", "5"}};
    EXPECT_EQ(journal_entry(fields), "MESSAGE=health pass\nPRIORITY=5\n");
}

TEST(JournalEntry, LetsNoValueBecomeAFieldOfItsOwn) {
    const std::array fields{JournalField{"MESSAGE", "a\n_UID=0\x7f\x01 b\xc3\xa4"}};
    EXPECT_EQ(journal_entry(fields), "MESSAGE=a?_UID=0?? b\xc3\xa4\n");
}

TEST(JournalEntry, IsDroppedWhenTheJournalIsBusyAndReturnedWhenThereIsNone) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const FileDescriptor sender(ends[0]);
    FileDescriptor journal(ends[1]);
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_TRUE(send_to_journal(sender.get(), "MESSAGE=x\n")) << "after " << i;
    }
    journal.reset();
    EXPECT_FALSE(send_to_journal(sender.get(), "MESSAGE=x\n"));
}

}  // namespace
}  // namespace agent
