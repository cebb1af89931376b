// SPDX-License-Identifier: Apache-2.0
#include "core/nfs/null_call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace {

using core::NfsNullReply;
using State = NfsNullReply::State;
using testing::HasSubstr;

constexpr std::uint32_t xid = 0xa1b2c3d4;
constexpr std::uint32_t last = 0x80000000;

std::string word(std::uint32_t value) {
    return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
            static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string words(std::initializer_list<std::uint32_t> values) {
    std::string bytes;
    for (const std::uint32_t value : values) {
        bytes += word(value);
    }
    return bytes;
}

std::string record(const std::string& body) {
    return word(last | static_cast<std::uint32_t>(body.size())) + body;
}

// xid, a reply, accepted, no verifier, success
const std::string success = words({xid, 1, 0, 0, 0, 0});

struct Read {
    State state;
    std::string what;
};

Read read_whole(const std::string& bytes) {
    NfsNullReply reply(xid);
    reply.feed(bytes);
    return {reply.state(), std::string(reply.what())};
}

void expect_answered(const std::string& body, const std::string& what) {
    const Read got = read_whole(record(body));
    EXPECT_EQ(got.state, State::answered) << got.what;
    EXPECT_EQ(got.what, what);
}

void expect_malformed(const std::string& bytes, const std::string& what) {
    const Read got = read_whole(bytes);
    EXPECT_EQ(got.state, State::malformed);
    EXPECT_THAT(got.what, HasSubstr(what));
}

TEST(NfsNullCall, IsTheBytesThatTheStandardSays) {
    const auto call = core::nfs_null_call(0x01020304);
    EXPECT_EQ(std::string(call.begin(), call.end()),
              std::string("\x80\x00\x00\x28"   // one last fragment of 40 bytes
                          "\x01\x02\x03\x04"   // xid
                          "\x00\x00\x00\x00"   // a call
                          "\x00\x00\x00\x02"   // RPC version 2
                          "\x00\x01\x86\xa3"   // program 100003
                          "\x00\x00\x00\x04"   // version 4
                          "\x00\x00\x00\x00"   // procedure 0
                          "\x00\x00\x00\x00"   // credentials: AUTH_NONE,
                          "\x00\x00\x00\x00"   // empty
                          "\x00\x00\x00\x00"   // verifier: AUTH_NONE,
                          "\x00\x00\x00\x00",  // empty
                          44));
}

TEST(NfsNullReply, SuccessIsAnAnswer) {
    expect_answered(success, "success");
}

TEST(NfsNullReply, EveryWellFormedReplyIsAnAnswer) {
    expect_answered(words({xid, 1, 0, 0, 0, 1}), "program not there");
    expect_answered(words({xid, 1, 0, 0, 0, 2, 3, 3}), "program version not supported");
    expect_answered(words({xid, 1, 0, 0, 0, 3}), "procedure not there");
    expect_answered(words({xid, 1, 0, 0, 0, 4}), "arguments not understood");
    expect_answered(words({xid, 1, 0, 0, 0, 5}), "system error");
    expect_answered(words({xid, 1, 1, 0, 2, 2}), "RPC version not supported");
    expect_answered(words({xid, 1, 1, 1, 5}), "authentication refused");
}

TEST(NfsNullReply, AVerifierMayHoldUpTo400BytesAndIsPadded) {
    expect_answered(words({xid, 1, 0, 6, 400}) + std::string(400, 'v') + word(0), "success");
    expect_answered(words({xid, 1, 0, 6, 5}) + std::string(8, 'v') + word(0), "success");
    expect_malformed(record(words({xid, 1, 0, 6, 401}) + std::string(404, 'v') + word(0)),
                     "verifier");
    expect_malformed(record(words({xid, 1, 0, 6, 8}) + word(0)), "verifier");
    expect_malformed(record(words({xid, 1, 0, 6, 5}) + std::string(5, 'v') + word(0)), "status");
    expect_malformed(record(words({xid, 1, 0, 6, 0xffffffff}) + word(0)), "verifier");
    expect_malformed(record(words({xid, 1, 0, 6, 0xfffffffd}) + word(0)), "verifier");
}

TEST(NfsNullReply, TheLargestReplyFits) {
    const std::string body = words({xid, 1, 0, 6, 400}) + std::string(400, 'v') + words({2, 2, 3});
    EXPECT_EQ(body.size(), NfsNullReply::reply_max);
    expect_answered(body, "program version not supported");
    expect_malformed(record(body + word(0)), "too long");
}

TEST(NfsNullReply, AnotherXidIsNoAnswer) {
    expect_malformed(record(words({xid + 1, 1, 0, 0, 0, 0})), "wrong xid");
}

TEST(NfsNullReply, ACallIsNoAnswer) {
    expect_malformed(record(words({xid, 0, 2, 100003, 4, 0, 0, 0, 0, 0})),
                     "a call instead of a reply");
    expect_malformed(record(words({xid, 2, 0, 0, 0, 0})), "neither a call nor a reply");
}

TEST(NfsNullReply, AnUnknownStatusIsNoAnswer) {
    expect_malformed(record(words({xid, 1, 2, 0, 0, 0})), "neither accepted nor denied");
    expect_malformed(record(words({xid, 1, 0, 0, 0, 6})), "unknown status");
    expect_malformed(record(words({xid, 1, 1, 2, 0})), "unknown status");
}

TEST(NfsNullReply, AReplyThatIsCutOrLongerThanItsStatusSaysIsNoAnswer) {
    const std::vector<std::string> whole{success, words({xid, 1, 0, 0, 0, 2, 3, 3}),
                                         words({xid, 1, 1, 0, 2, 2}), words({xid, 1, 1, 1, 5})};
    for (const std::string& body : whole) {
        for (std::size_t size = 0; size < body.size(); ++size) {
            EXPECT_EQ(read_whole(record(body.substr(0, size))).state, State::malformed) << size;
        }
        expect_malformed(record(body + word(0)), "wrong length");
    }
}

TEST(NfsNullReply, OtherProtocolsAreNoAnswer) {
    for (const char* text : {"HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail.example.com ESMTP\r\n",
                             "SSH-2.0-OpenSSH\r\n", "\x15\x03\x03\x02\x46 a TLS alert",
                             "garbage, more of it and more"}) {
        expect_malformed(text, "too long");
    }
}

TEST(NfsNullReply, MayComeInPiecesOfAnySize) {
    const std::string bytes = record(success);
    for (std::size_t step = 1; step <= bytes.size(); ++step) {
        NfsNullReply reply(xid);
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            EXPECT_EQ(reply.state(), State::incomplete);
            reply.feed(bytes.substr(at, step));
        }
        EXPECT_EQ(reply.state(), State::answered) << step;
    }
}

TEST(NfsNullReply, MayComeInFragmentsOfAnySize) {
    for (std::size_t step = 1; step <= success.size(); ++step) {
        std::string bytes = word(0);  // an empty one is allowed
        for (std::size_t at = 0; at < success.size(); at += step) {
            const std::string piece = success.substr(at, step);
            const bool is_last = at + step >= success.size();
            bytes += word((is_last ? last : 0) | static_cast<std::uint32_t>(piece.size())) + piece;
        }
        EXPECT_EQ(read_whole(bytes).state, State::answered) << step;
        EXPECT_EQ(read_whole(bytes.substr(0, bytes.size() - 1)).state, State::incomplete) << step;
    }
}

TEST(NfsNullReply, TheLastFragmentMayBeEmpty) {
    EXPECT_EQ(read_whole(word(24) + success + word(last)).state, State::answered);
    expect_malformed(word(last), "wrong xid");
}

TEST(NfsNullReply, AHugeRecordIsRefusedByItsMark) {
    expect_malformed(word(last | 0x7fffffff), "too long");
    expect_malformed(word(0x7fffffff), "too long");
    expect_malformed(word(last | (NfsNullReply::reply_max + 1)), "too long");
    expect_malformed(
        word(NfsNullReply::reply_max) + std::string(NfsNullReply::reply_max, 'x') + word(1),
        "too long");
}

TEST(NfsNullReply, EmptyFragmentsDoNotKeepItBusyForEver) {
    NfsNullReply reply(xid);
    std::size_t fragments = 0;
    while (reply.feed(word(0)) == State::incomplete) {
        ASSERT_LE(++fragments, NfsNullReply::fragments_max);
    }
    EXPECT_EQ(reply.state(), State::malformed);
    EXPECT_EQ(fragments, NfsNullReply::fragments_max);
}

TEST(NfsNullReply, StaysTheSameOnceItIsComplete) {
    NfsNullReply reply(xid);
    reply.feed(record(success) + "what follows");
    EXPECT_EQ(reply.state(), State::answered);
    EXPECT_EQ(reply.feed(record("garbage")), State::answered);
}

}  // namespace
