// SPDX-License-Identifier: Apache-2.0
#include "core/line_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using core::LineSplitter;
using testing::ElementsAre;

struct Collected {
    LineSplitter splitter;
    std::vector<std::string> lines;

    void feed(std::string_view bytes) {
        splitter.feed(bytes, [this](std::string_view line) { lines.emplace_back(line); });
    }
    void finish() {
        splitter.finish([this](std::string_view line) { lines.emplace_back(line); });
    }
};

TEST(LineSplitter, LinesComeOutWithoutTheirNewlines) {
    Collected c;
    c.feed("one\ntwo\n");
    EXPECT_THAT(c.lines, ElementsAre("one", "two"));
}

TEST(LineSplitter, ALineMayArriveInPieces) {
    Collected c;
    for (const char byte : std::string("one\ntwo\nthr")) {
        c.feed({&byte, 1});
    }
    EXPECT_THAT(c.lines, ElementsAre("one", "two"));
    c.feed("ee\n");
    EXPECT_THAT(c.lines, ElementsAre("one", "two", "three"));
}

TEST(LineSplitter, AnUnfinishedLineIsDeliveredOnlyWhenItIsFinished) {
    Collected c;
    c.feed("half");
    EXPECT_TRUE(c.lines.empty());
    c.finish();
    c.finish();
    EXPECT_THAT(c.lines, ElementsAre("half"));
}

TEST(LineSplitter, AResetForgetsTheUnfinishedLine) {
    Collected c;
    c.feed("half");
    c.splitter.reset();
    c.feed("whole\n");
    EXPECT_THAT(c.lines, ElementsAre("whole"));
}

TEST(LineSplitter, ALineOfExactlyTheLimitIsWhole) {
    Collected c;
    const std::string line(LineSplitter::max_line, 'x');
    c.feed(line + "\nnext\n");
    EXPECT_THAT(c.lines, ElementsAre(line, "next"));
    EXPECT_EQ(c.splitter.lines_cut(), 0U);
}

TEST(LineSplitter, ALongerLineIsDeliveredOnceAndCut) {
    Collected c;
    const std::string kept(LineSplitter::max_line, 'x');
    c.feed(kept + "y");
    EXPECT_THAT(c.lines, ElementsAre(kept));
    for (int i = 0; i < 100; ++i) {
        c.feed(std::string(1000, 'z'));
    }
    c.feed("z\nnext\n");
    EXPECT_THAT(c.lines, ElementsAre(kept, "next"));
    EXPECT_EQ(c.splitter.lines_cut(), 1U);
}

TEST(LineSplitter, ARunOfNulBytesBeforeALineDoesNotHideIt) {
    Collected c;
    c.feed(std::string(3 * LineSplitter::max_line, '\0'));
    c.feed(std::string("\0\0Nov 22 a\0b\nnext\n", 18));
    EXPECT_THAT(c.lines, ElementsAre("Nov 22 ab", "next"));
    EXPECT_EQ(c.splitter.lines_cut(), 0U);
}

TEST(LineSplitter, EmptyLinesAreNotLines) {
    Collected c;
    c.feed(std::string("\n\n\0\n", 4));
    EXPECT_TRUE(c.lines.empty());
}

}  // namespace
