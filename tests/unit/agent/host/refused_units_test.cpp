// SPDX-License-Identifier: Apache-2.0
#include "agent/host/refused_units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
namespace fs = std::filesystem;

class RefusedUnitsTest : public ::testing::Test {
   protected:
    std::vector<std::string> units() const {
        std::vector<std::string> names;
        for (const RefusedStart& start : marks.list()) {
            names.push_back(start.unit);
        }
        return names;
    }

    tests::TemporaryDirectory directory;
    RefusedUnits marks{directory / "refused"};
};

TEST_F(RefusedUnitsTest, AMarkGivesTheReasonUntilTheStartIsAllowed) {
    ASSERT_TRUE(marks.mark("postfix@-.service", "mount missing"));
    ASSERT_TRUE(marks.mark("postfix.service", "mount missing"));
    EXPECT_THAT(units(), ElementsAre("postfix.service", "postfix@-.service"));
    EXPECT_EQ(marks.list().front().reason, "mount missing");
    ASSERT_TRUE(marks.clear("postfix.service"));
    EXPECT_THAT(units(), ElementsAre("postfix@-.service"));
    EXPECT_TRUE(marks.clear("postfix.service")) << "twice is no error";
}

TEST_F(RefusedUnitsTest, ThereAreNoneWithoutTheDirectory) {
    EXPECT_THAT(units(), IsEmpty());
    EXPECT_TRUE(marks.clear("postfix.service"));
}

TEST_F(RefusedUnitsTest, AReasonIsOneLineOfLimitedLength) {
    ASSERT_TRUE(marks.mark("postfix.service", "a\nb" + std::string(10'000, 'x')));
    const std::string reason = marks.list().front().reason;
    EXPECT_EQ(reason.find('\n'), std::string::npos);
    EXPECT_LT(reason.size(), 2100U);
}

TEST_F(RefusedUnitsTest, AMarkIsReadableByAllAndWritableByItsOwner) {
    const mode_t before = ::umask(077);
    ASSERT_TRUE(marks.mark("postfix.service", "why"));
    ::umask(before);
    EXPECT_EQ(fs::status(directory / "refused").permissions(), fs::perms(0755));
    EXPECT_EQ(fs::status(directory / "refused/postfix.service").permissions(), fs::perms(0644));
}

TEST_F(RefusedUnitsTest, OnlyAUnitOfPostfixCanBeMarked) {
    for (const char* name :
         {"", "nginx.service", "postfix", "postfix@.timer", "postfix-elb-agent.service",
          "../postfix.service", "postfix@../../../etc/x.service", "postfix@a b.service",
          "postfix@a\n.service"}) {
        const auto marked = marks.mark(name, "why");
        EXPECT_FALSE(marked) << name;
        EXPECT_THAT(units(), IsEmpty()) << name;
    }
    EXPECT_TRUE(marks.mark("postfix@out.service", "why"));
    EXPECT_TRUE(marks.mark("postfix@a\\x2db.service", "why")) << "as systemd escapes it";
}

TEST_F(RefusedUnitsTest, OtherFilesThereAreNotListed) {
    ASSERT_TRUE(marks.mark("postfix.service", "why"));
    std::ofstream(directory / "refused/nginx.service") << "why\n";
    std::ofstream(directory / "refused/postfix@-.service.new") << "half-written\n";
    EXPECT_THAT(units(), ElementsAre("postfix.service"));
}

TEST_F(RefusedUnitsTest, AMarkRecreatedSinceItWasListedStays) {
    ASSERT_TRUE(marks.mark("postfix.service", "first"));
    const RefusedStart first = marks.list().front();
    ASSERT_TRUE(marks.mark("postfix.service", "second"));
    ASSERT_TRUE(marks.clear(first));
    ASSERT_THAT(units(), ElementsAre("postfix.service"));
    ASSERT_TRUE(marks.clear(marks.list().front()));
    EXPECT_THAT(units(), IsEmpty());
}

}  // namespace
}  // namespace agent
