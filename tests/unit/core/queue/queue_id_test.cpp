// SPDX-License-Identifier: Apache-2.0
#include "core/queue/queue_id.hpp"

#include "core/model/queue_layout.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

namespace {

using core::arrival_of_long_id;
using core::arrival_of_queue_file;
using std::chrono::milliseconds;

core::WallTime at(std::int64_t ms) {
    return core::WallTime(milliseconds(ms));
}

/// As Postfix makes it: src/global/mail_queue.h, MQID_LG_ENCODE_SEC and those beside it.
std::string long_id(std::uint64_t seconds, std::uint64_t microseconds, std::uint64_t inode) {
    const std::string alphabet = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
    const auto digits = [&](std::uint64_t value, std::uint64_t base, std::size_t width) {
        std::string text;
        for (; value > 0 || text.size() < width; value /= base) {
            text.insert(text.begin(), alphabet[value % base]);
        }
        return text;
    };
    return digits(seconds, 52, 6) + digits(microseconds, 52, 4) + "z" + digits(inode, 51, 1);
}

/// A record of a queue file.
std::string record(char type, const std::string& data) {
    std::string text(1, type);
    std::size_t length = data.size();
    for (; length > 0x7f; length >>= 7) {
        text += static_cast<char>((length & 0x7f) | 0x80);
    }
    return text + static_cast<char>(length) + data;
}

const std::string size_record = record('C', std::string(95, ' '));

TEST(QueueId, ALongIdHoldsTheArrivalTime) {
    EXPECT_EQ(arrival_of_long_id("4jXRTW1KpQzyc8"), at(1'795'346'463'188));
}

TEST(QueueId, IdsAsPostfixWritesThemAreReadBack) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 2000; ++i) {
        const std::uint64_t seconds =
            random() % 40'000'000'000;  // beyond six digits, and the year 2038
        const std::uint64_t microseconds = random() % 1'000'000;
        const std::string id = long_id(seconds, microseconds, random() >> (i % 60));
        EXPECT_EQ(arrival_of_long_id(id),
                  at(static_cast<std::int64_t>(seconds * 1000 + microseconds / 1000)))
            << id;
        EXPECT_TRUE(core::is_message_name(id));
    }
}

TEST(QueueId, AShortIdHoldsNoTime) {
    EXPECT_EQ(arrival_of_long_id("60B27201DD"), std::nullopt);
    EXPECT_EQ(arrival_of_long_id("0"), std::nullopt);
    EXPECT_EQ(arrival_of_long_id(""), std::nullopt);
}

TEST(QueueId, AMalformedLongIdHoldsNoTime) {
    for (const char* name : {
             "4jXRTW1KpQz",                    // no inode
             "4jXRT0KpQzyc8",                  // the separator too early
             "4jXRTW1KpQyc8",                  // no separator
             "4jXRTW1KpQzyc8a",                // a vowel in the inode
             "4aXRTW1KpQzyc8",                 // a vowel in the seconds
             "4jXRTWzzzzzyc8",                 // more than a million microseconds
             "4jXRTW-KpQzyc8",                 // no digit at all
             "zzzzzzzzzzzzzzzzzzzzzzzzzzzz1",  // more seconds than there are
             ".nfs0000000000001zyc8",
             "zzzzzzzzzzz",
         }) {
        EXPECT_EQ(arrival_of_long_id(name), std::nullopt) << name;
    }
}

TEST(QueueId, RemovedFilesOfNfsClientsAreNoMessages) {
    EXPECT_FALSE(core::is_message_name(".nfs00000000000201dd00000001"));
    EXPECT_FALSE(core::is_message_name("523.12345"));  // still being made by Postfix
    EXPECT_TRUE(core::is_message_name("60B27201DD"));
}

TEST(QueueFile, TheArrivalRecordFollowsTheSizes) {
    const std::string file = size_record + record('T', "1795346463 161309") +
                             record('A', "log_ident=x") + record('M', "");
    EXPECT_EQ(file.find('T'), 97U);
    EXPECT_EQ(arrival_of_queue_file(file), at(1'795'346'463'161));
}

TEST(QueueFile, InTheMaildropItComesFirst) {
    EXPECT_EQ(arrival_of_queue_file(record('T', "1795346463 1") + record('S', "root")),
              at(1'795'346'463'000));
}

TEST(QueueFile, OldPostfixWroteSecondsAlone) {
    EXPECT_EQ(arrival_of_queue_file(record('T', "1795346463")), at(1'795'346'463'000));
}

TEST(QueueFile, ARecordMayBeLongerThanAByteSays) {
    EXPECT_EQ(arrival_of_queue_file(record('A', std::string(130, 'x')) + record('T', "7 0")),
              at(7000));
}

TEST(QueueFile, AnUnwrittenRecordHoldsNoTime) {
    const std::string file = size_record + record('T', "1795346463 161309");
    for (std::size_t length = 0; length < file.size(); ++length) {
        EXPECT_EQ(arrival_of_queue_file(file.substr(0, length)), std::nullopt) << length;
    }
}

TEST(QueueFile, ATimeWithinTheMessageIsNotTheArrival) {
    EXPECT_EQ(arrival_of_queue_file(record('M', "") + record('T', "7 0")), std::nullopt);
}

TEST(QueueFile, AnotherFileHoldsNoTime) {
    EXPECT_EQ(arrival_of_queue_file("Received: from somewhere"), std::nullopt);
    EXPECT_EQ(arrival_of_queue_file(record('T', "soon")), std::nullopt);
    EXPECT_EQ(arrival_of_queue_file(record('T', "-5 0")), std::nullopt);
    EXPECT_EQ(arrival_of_queue_file(record('T', "7 1000000")), std::nullopt);
    EXPECT_EQ(arrival_of_queue_file(record('T', "999999999999999999 0")), std::nullopt);
    EXPECT_EQ(arrival_of_queue_file(std::string("T\xff\xff\xff\xff\xff\xff", 7)), std::nullopt);
}

}  // namespace
