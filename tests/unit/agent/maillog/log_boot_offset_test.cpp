// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/log_boot_offset.hpp"

#include "agent/base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "unit/temporary_directory.hpp"

namespace {

using core::WallTime;
using namespace std::chrono_literals;

const WallTime day = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22);
const WallTime now = day + 24h;
constexpr int total_seconds = 20 * 3600;

WallTime as_utc(const std::tm& t) {
    return std::chrono::sys_days(std::chrono::year(t.tm_year + 1900) / (t.tm_mon + 1) / t.tm_mday) +
           std::chrono::hours(t.tm_hour) + std::chrono::minutes(t.tm_min) +
           std::chrono::seconds(t.tm_sec);
}

std::string stamped(int second, const std::string& text) {
    char stamp[64];
    std::snprintf(stamp, sizeof stamp, "Nov 22 %02d:%02d:%02d", second / 3600, second / 60 % 60,
                  second % 60);
    return std::string(stamp) + " vma postfix/smtp[99]: " + text + "\n";
}

// A log of 20 hours, a line each second.
class LogBootOffset : public testing::Test {
   protected:
    using LineMaker = std::function<std::string(int second)>;

    void write_log(const LineMaker& line = [](int second) {
        return stamped(second, std::string(60, 'x'));
    }) {
        text_.clear();
        for (int second = 0; second < total_seconds; ++second) {
            text_ += line(second);
        }
        tests::write_file(folder_ / "mail.log", text_);
    }
    std::size_t offset(WallTime boot_began) {
        const agent::FileDescriptor file(
            ::open((folder_ / "mail.log").c_str(), O_RDONLY | O_CLOEXEC));
        agent::LogBootOffset search(std::filesystem::file_size(folder_ / "mail.log"), boot_began,
                                    now, as_utc);
        for (steps_ = 1;; ++steps_) {
            const auto step = search.step(file.get()).value();
            if (step.offset) {
                return *step.offset;
            }
            if (steps_ > 1000) {
                ADD_FAILURE() << "still searching";
                return 0;
            }
        }
    }
    std::size_t first_line_of(WallTime time) {
        const auto second = std::chrono::duration_cast<std::chrono::seconds>(time - day).count();
        return text_.find(stamped(static_cast<int>(second), "").substr(0, 15));
    }
    bool at_line_start(std::size_t offset) { return offset == 0 || text_.at(offset - 1) == '\n'; }

    tests::TemporaryDirectory folder_;
    std::string text_;
    int steps_ = 0;
};

TEST_F(LogBootOffset, ASmallLogIsReadWhole) {
    tests::write_file(folder_ / "mail.log", stamped(1, "x") + stamped(2, "x"));
    EXPECT_EQ(offset(day + 10h), 0U);
    tests::write_file(folder_ / "mail.log", "");
    EXPECT_EQ(offset(day + 10h), 0U);
}

TEST_F(LogBootOffset, ItIsAtALineAMarginBeforeTheBoot) {
    write_log([](int second) {
        return stamped(second, std::string(200, 'x'));
    });  // 10 min: more than a few windows
    for (const auto hour : {2h, 5h, 10h, 15h, 19h}) {
        const WallTime boot_began = day + hour + 34min + 56s;
        const std::size_t found = offset(boot_began);
        EXPECT_TRUE(at_line_start(found));
        EXPECT_LE(found, first_line_of(boot_began - 10min));
        EXPECT_GE(found + 512 * 1024, first_line_of(boot_began - 10min));
    }
}

TEST_F(LogBootOffset, ALogThatBeganAfterTheBootIsReadWhole) {
    write_log();
    EXPECT_EQ(offset(day - 5h), 0U);
}

TEST_F(LogBootOffset, ALogFromBeforeTheBootIsReadNearItsEnd) {
    write_log();
    const std::size_t found = offset(day + 23h);
    EXPECT_TRUE(at_line_start(found));
    EXPECT_GE(found + 256 * 1024, text_.size());
}

TEST_F(LogBootOffset, LinesWithoutAStampAreSkipped) {
    write_log([](int second) {
        return second % 3 == 0 ? stamped(second, std::string(60, 'x'))
                               : std::string("\tcontinued \0 ??? ", 17) + "\n";
    });
    const WallTime boot_began = day + 10h;
    const std::size_t found = offset(boot_began);
    EXPECT_TRUE(at_line_start(found));
    EXPECT_LE(found, first_line_of(boot_began - 10min));
    EXPECT_GE(found + 256 * 1024, first_line_of(boot_began - 10min));
}

TEST_F(LogBootOffset, AnUnreadableStretchNeverMakesItBeginLater) {
    for (const int garbage_from : {0, 4 * 3600, 9 * 3600, 11 * 3600, 16 * 3600}) {
        write_log([&](int second) {
            const bool garbage = second >= garbage_from && second < garbage_from + 3 * 3600;
            return garbage ? std::string(90, '?') + "\n" : stamped(second, std::string(60, 'x'));
        });
        const WallTime boot_began = day + 8h + 30min;
        EXPECT_LE(offset(boot_began), first_line_of(boot_began - 10min)) << garbage_from;
    }
}

TEST_F(LogBootOffset, SlightlyUnorderedStampsDoNoHarm) {
    write_log([](int second) {
        return stamped(std::max(0, second - (second % 7 == 0 ? 300 : 0)), std::string(60, 'x'));
    });
    const WallTime boot_began = day + 10h;
    EXPECT_LE(offset(boot_began), first_line_of(boot_began));
}

TEST_F(LogBootOffset, ALogOfOneEndlessLineIsReadWhole) {
    tests::write_file(folder_ / "mail.log", std::string(3 * 1024 * 1024, 'x'));
    EXPECT_EQ(offset(day + 10h), 0U);
}

TEST_F(LogBootOffset, AnUnreadableFileIsAnError) {
    agent::LogBootOffset search(10 * agent::log_search_above, day, now, as_utc);
    EXPECT_FALSE(search.step(-1));
    write_log();
    const agent::FileDescriptor file(::open((folder_ / "mail.log").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(search.step(file.get()));
}

TEST_F(LogBootOffset, TheSearchTakesFewSmallSteps) {
    write_log();
    offset(day + 10h);
    EXPECT_GT(steps_, 5);
    EXPECT_LT(steps_, 50);
}

TEST_F(LogBootOffset, AShrinkingFileEndsTheSearch) {
    write_log();
    const agent::FileDescriptor file(::open((folder_ / "mail.log").c_str(), O_RDONLY | O_CLOEXEC));
    agent::LogBootOffset search(text_.size(), day + 10h, now, as_utc);
    EXPECT_FALSE(search.step(file.get()).value().offset);
    std::filesystem::resize_file(folder_ / "mail.log", 10);
    std::optional<std::uint64_t> found;
    for (int steps = 0; steps < 1000 && !found; ++steps) {
        found = search.step(file.get()).value().offset;
    }
    EXPECT_TRUE(found);
}

}  // namespace
