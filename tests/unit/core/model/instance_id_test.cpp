// SPDX-License-Identifier: Apache-2.0
#include "core/model/instance_id.hpp"

#include "core/base/excerpt.hpp"
#include "core/model/paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <string>

using testing::HasSubstr;

namespace {

std::string complaint_of(std::string_view body) {
    const auto id = core::id_from_answer(body, "the metadata service");
    return id ? "accepted: " + *id : id.error().message;
}

}  // namespace

TEST(InstanceId, AnExternalIdIsAnIAndEightToSeventeenHexDigits) {
    EXPECT_TRUE(core::validate_external_id("i-12345678"));
    EXPECT_TRUE(core::validate_external_id("i-0123456789abcdef0"));
    for (const char* id :
         {"", "i-", "i-1234567", "i-0123456789abcdef01", "i-1234567G", "i-1234567A", "I-12345678",
          "12345678", " i-12345678", "i-12345678\n", "i-1234/678", "m-12345678", "i_12345678"}) {
        EXPECT_FALSE(core::validate_external_id(id)) << id;
    }
    EXPECT_FALSE(core::validate_external_id(std::string_view("i-12345678\0", 11)));
}

TEST(InstanceId, ExactlyWhatMatchesTheRegularExpressionIsAnExternalId) {
    const std::regex form("^i-[0-9a-f]{8,17}$");
    std::mt19937 random(7);  // NOLINT: the same ids in every run
    const std::string alphabet = "0123456789abcdef0123456789abcdefig-/.A";
    for (int i = 0; i < 3000; ++i) {
        std::string id = random() % 8 == 0 ? "" : "i-";
        for (std::size_t left = 6 + random() % 13; left > 0; --left) {
            id += alphabet[random() % (random() % 4 == 0 ? alphabet.size() : 32)];
        }
        EXPECT_EQ(core::validate_external_id(id).has_value(), std::regex_match(id, form)) << id;
    }
}

TEST(InstanceId, ALiteralMayBeAnySinglePathComponent) {
    for (const std::string& id : {std::string("relay-1"), std::string("Mail.eu west"),
                                  std::string("a"), std::string(255, 'x')}) {
        EXPECT_TRUE(core::validate_literal_id(id)) << id;
    }
}

TEST(InstanceId, ALiteralThatCouldLeaveItsPlaceIsRefused) {
    const std::string nul("a\0b", 3);
    for (const std::string& id :
         {std::string(), std::string("."), std::string(".."), std::string("../../etc"),
          std::string("a/b"), std::string("/"), std::string("a\n"), std::string("\x7f"), nul,
          std::string(256, 'x'), std::string(core::agent_directory_name), std::string(".hidden")}) {
        const auto valid = core::validate_literal_id(id);
        ASSERT_FALSE(valid) << id;
        EXPECT_THAT(valid.error().message,
                    HasSubstr("a single path component: 1 to 255 bytes, no slash"))
            << id;
    }
}

TEST(InstanceId, AnAnswerMayEndInOneLineEnd) {
    EXPECT_EQ(core::id_from_answer("i-0123456789abcdef0", "x").value(), "i-0123456789abcdef0");
    EXPECT_EQ(core::id_from_answer("i-0123456789abcdef0\n", "x").value(), "i-0123456789abcdef0");
    EXPECT_EQ(core::id_from_answer("i-0123456789abcdef0\r\n", "x").value(), "i-0123456789abcdef0");
    EXPECT_FALSE(core::id_from_answer("i-0123456789abcdef0\n\n", "x"));
    EXPECT_FALSE(core::id_from_answer("i-0123456789abcdef0\r", "x"));
    EXPECT_FALSE(core::id_from_answer("\ni-0123456789abcdef0", "x"));
}

TEST(InstanceId, WhatIsNotAnIdIsRefusedByName) {
    EXPECT_THAT(complaint_of(""),
                HasSubstr("the metadata service gave an empty answer instead of an instance id"));
    EXPECT_THAT(complaint_of("\n"), HasSubstr("gave an empty answer"));
    EXPECT_THAT(complaint_of("<!DOCTYPE html><html>503</html>"),
                HasSubstr("gave an HTML or XML page"));
    EXPECT_THAT(complaint_of("\n  <?xml version=\"1.0\"?>"), HasSubstr("gave an HTML or XML page"));
    EXPECT_THAT(complaint_of("../../etc"),
                HasSubstr("gave a path instead of an instance id: \"../../etc\""));
    EXPECT_THAT(complaint_of(".."), HasSubstr("gave a path"));
    EXPECT_THAT(complaint_of("i-0123456789abcdef01"), HasSubstr("gave too many bytes"));
    EXPECT_THAT(complaint_of("Amazon EC2"),
                HasSubstr("gave something else instead of an instance id: \"Amazon EC2\""));
    EXPECT_THAT(complaint_of("Amazon EC2"),
                HasSubstr("an instance id is i- and 8 to 17 of 0-9a-f"));
}

TEST(InstanceId, ARefusalIsOnePrintableLineHoweverLongTheAnswer) {
    std::string body = "i-\x1b[31m\xff\n";
    body.append(100000, 'A');
    const std::string message = complaint_of(body);
    EXPECT_LT(message.size(), 300U);
    EXPECT_FALSE(core::has_control_character(message));
    EXPECT_THAT(message, HasSubstr(R"("i-\x1b[31m\xff\nAAA)"));
}

TEST(Excerpt, IsQuotedEscapedAndCut) {
    EXPECT_EQ(core::excerpt(""), "\"\"");
    EXPECT_EQ(core::excerpt("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(core::excerpt("abcdef", 6), "\"abcdef\"");
    EXPECT_EQ(core::excerpt("abcdefg", 6), "\"abcdef\"...");
}
