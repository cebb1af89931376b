// SPDX-License-Identifier: Apache-2.0
// The README's tables are those of the program.
#include "config/schema.hpp"
#include "core/checks/reason.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string>

namespace {

std::string readme() {
    std::ifstream file(PEA_SOURCE_DIR "/README.md");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Readme, HasTheTableOfSettingsAsTheProgramKnowsThem) {
    EXPECT_THAT(readme(), testing::HasSubstr(config::settings_table_markdown()));
}

TEST(Readme, HasTheTableOfReasonsAndRemediesAsTheProgramGivesThem) {
    EXPECT_THAT(readme(), testing::HasSubstr(core::reason_table_markdown()));
}

}  // namespace
