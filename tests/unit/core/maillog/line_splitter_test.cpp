// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/line_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
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

TEST(LineSplitter, ALineOfTheLimitInOnePieceIsNotCut) {
    Collected c;
    const std::string whole(LineSplitter::max_line, 'x');
    c.feed("a\n" + whole + "\n" + whole + "y\nb\n");
    EXPECT_THAT(c.lines, ElementsAre("a", whole, whole, "b"));
    EXPECT_EQ(c.splitter.lines_cut(), 1U);
}

TEST(LineSplitter, AWholeLineIsDeliveredWhereItLies) {
    const std::string bytes = "half\none\ntwo\n";
    LineSplitter splitter;
    std::vector<const char*> at;
    splitter.feed("first ", [](std::string_view) {});
    splitter.feed(bytes, [&at](std::string_view line) { at.push_back(line.data()); });
    ASSERT_EQ(at.size(), 3U);
    EXPECT_NE(at[0], bytes.data());
    EXPECT_EQ(at[1], bytes.data() + 5);
    EXPECT_EQ(at[2], bytes.data() + 9);
}

// What the splitter should make of `text` and the end after it, by the words of its header.
struct Simply {
    std::vector<std::string> lines;
    std::uint64_t cut = 0;

    explicit Simply(std::string text) {
        text.erase(std::remove(text.begin(), text.end(), '\0'), text.end());
        for (std::size_t begin = 0; begin < text.size();) {
            const std::size_t end = std::min(text.find('\n', begin), text.size());
            cut += end - begin > LineSplitter::max_line ? 1 : 0;
            if (end > begin) {
                lines.push_back(text.substr(begin, std::min(end - begin, LineSplitter::max_line)));
            }
            begin = end + 1;
        }
    }
};

std::string random_text(std::mt19937& random) {
    constexpr std::size_t max = LineSplitter::max_line;
    const std::vector<std::size_t> sizes{0,   0,   1,       2,   30,      120,    120,
                                         120, 500, max - 1, max, max + 1, 3 * max};
    std::string text;
    for (auto lines = random() % 40; lines > 0; --lines) {
        std::string line(sizes[random() % sizes.size()], static_cast<char>('a' + random() % 26));
        if (random() % 8 == 0) {
            line.insert(random() % (line.size() + 1), std::size_t{1} + random() % (2 * max), '\0');
        }
        text += line + (lines > 1 || random() % 2 == 0 ? "\n" : "");
    }
    return text;
}

TEST(LineSplitter, HoweverTheBytesArriveTheLinesAreTheSame) {
    std::mt19937 random(1);
    for (int round = 0; round < 400; ++round) {
        const std::string text = random_text(random);
        const std::size_t longest = std::vector<std::size_t>{3, 100, 5000, 100000}[random() % 4];
        Collected c;
        for (std::size_t fed = 0; fed < text.size();) {
            const std::size_t chunk =
                std::min(text.size() - fed, std::size_t{1} + random() % longest);
            c.feed(text.substr(fed, chunk));
            fed += chunk;
        }
        c.finish();
        const Simply simply(text);
        ASSERT_EQ(c.lines, simply.lines) << "round " << round;
        ASSERT_EQ(c.splitter.lines_cut(), simply.cut) << "round " << round;
    }
}

}  // namespace
