// SPDX-License-Identifier: Apache-2.0
#include "core/model/queue_layout.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace core {
namespace {

std::set<std::string> names_where(auto predicate) {
    std::set<std::string> names;
    for (const QueueDirectory& directory : queue_directories()) {
        if (predicate(directory)) {
            names.emplace(directory.name);
        }
    }
    return names;
}

TEST(QueueLayout, AFreshSkeletonWithoutHoldAndTraceIsWhole) {
    EXPECT_EQ(names_where([](const QueueDirectory& d) { return d.required; }),
              (std::set<std::string>{"active", "bounce", "corrupt", "defer", "deferred", "flush",
                                     "incoming", "maildrop", "pid", "private", "public", "saved"}));
    EXPECT_EQ(required_queue_directories(), 12U);
}

TEST(QueueLayout, OnlyQueuesOfUndeliveredMailAreCounted) {
    EXPECT_EQ(
        names_where([](const QueueDirectory& d) { return d.counted; }),
        (std::set<std::string>{"active", "corrupt", "deferred", "hold", "incoming", "maildrop"}));
}

TEST(QueueLayout, MailAndPidFilesAreNeverCopied) {
    for (const char* name : {"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold",
                             "incoming", "maildrop", "saved", "trace", "pid"}) {
        EXPECT_FALSE(content_is_copied(classify_queue_entry(name))) << name;
    }
}

TEST(QueueLayout, WhatTheChrootNeedsIsCopied) {
    for (const char* name :
         {"dev", "etc", "lib", "usr", "restart", "private", "public", "activex", ""}) {
        EXPECT_TRUE(content_is_copied(classify_queue_entry(name))) << name;
    }
}

TEST(QueueLayout, DirectoriesOthersMayUseHaveTheGroupForIt) {
    EXPECT_EQ(find_queue_directory("maildrop")->group, "postdrop");
    EXPECT_EQ(find_queue_directory("maildrop")->mode, 0730U);
    EXPECT_EQ(find_queue_directory("public")->mode, 0710U);
    EXPECT_EQ(find_queue_directory("pid")->user, "root");
    EXPECT_EQ(find_queue_directory("etc"), nullptr);
}

TEST(QueueLayout, MessagesAreNamedByLettersDigitsAndUnderscores) {
    for (const char* name : {"60B27201DD", "4jXRTW1KpQzyc8", "A", "a_1"}) {
        EXPECT_TRUE(is_message_name(name)) << name;
    }
    for (const char* name : {"", ".nfs00012", "60B27.123", "a-b", "a b", "#x", "\xc3\xa9"}) {
        EXPECT_FALSE(is_message_name(name)) << name;
    }
}

}  // namespace
}  // namespace core
