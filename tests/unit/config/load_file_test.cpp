// SPDX-License-Identifier: Apache-2.0
#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

class LoadFile : public testing::Test {
   protected:
    LoadFile() {
        std::string name = testing::TempDir() + "settings-XXXXXX";
        if (!mkdtemp(name.data())) {
            std::abort();
        }
        folder_ = name;
        file_ = folder_ / "agent.json";
    }
    ~LoadFile() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& text) const { std::ofstream(file_, std::ios::binary) << text; }

    [[nodiscard]] config::LoadResult load(bool must_exist = true) const {
        return config::load({.file = file_, .file_must_exist = must_exist, .overrides = {}});
    }
    [[nodiscard]] std::string only_problem() const {
        const config::LoadResult loaded = load();
        return loaded || loaded.error().size() != 1 ? "not one problem"
                                                    : to_string(loaded.error().front());
    }

    std::filesystem::path folder_;
    std::filesystem::path file_;
};

}  // namespace

TEST_F(LoadFile, IsReadAndNamedInOrigins) {
    write("{\n\"user\": \"mail\"}\n");
    const config::Loaded loaded = load().value();
    EXPECT_EQ(loaded.settings.user, "mail");
    EXPECT_EQ(loaded.origins.at("user"), file_.string() + ":2");
}

TEST_F(LoadFile, AnAbsentDefaultFileMeansDefaults) {
    EXPECT_EQ(load(false).value().settings.listen.port, 8025);
}

TEST_F(LoadFile, AnAbsentFileThatWasNamedIsAnError) {
    EXPECT_EQ(only_problem(),
              file_.string() + ": cannot open the settings file: No such file or directory");
}

TEST_F(LoadFile, NoFileAtAllMeansDefaultsAndSet) {
    EXPECT_EQ(config::load({.file = {}, .file_must_exist = false, .overrides = {"user=x"}})
                  .value()
                  .settings.user,
              "x");
}

TEST_F(LoadFile, AnUnreadableFileIsAnErrorEvenTheDefaultOne) {
    std::filesystem::create_directory(file_);
    EXPECT_THAT(only_problem(), AllOf(StartsWith(file_.string()), EndsWith(": Is a directory")));
    EXPECT_FALSE(load(false));
}

TEST_F(LoadFile, AFileWithoutPermissionIsAnErrorEvenTheDefaultOne) {
    write("{}");
    std::filesystem::permissions(file_, std::filesystem::perms::none);
    const uid_t user = geteuid();
    constexpr uid_t other_user = 65534;
    if (user == 0) {  // root may read everything
        ASSERT_EQ(seteuid(other_user), 0);
    }
    const std::string problem = only_problem();
    const bool loaded = load(false).has_value();
    ASSERT_EQ(seteuid(user), 0);
    EXPECT_THAT(problem, EndsWith(": Permission denied"));
    EXPECT_FALSE(loaded);
}

TEST_F(LoadFile, OneMebibyteIsReadAndAByteMoreIsNot) {
    write("{}" + std::string(config::file_size_max - 2, ' '));
    EXPECT_TRUE(load());
    write("{}" + std::string(config::file_size_max - 1, ' '));
    EXPECT_THAT(only_problem(), HasSubstr("is larger than 1048576 bytes"));
}

TEST_F(LoadFile, AnEndlessFileIsNotReadToItsEnd) {
    std::filesystem::create_symlink("/dev/zero", file_);
    EXPECT_THAT(only_problem(), HasSubstr("is larger than 1048576 bytes"));
}

TEST_F(LoadFile, AThrownListOfProblemsReportsTheFirst) {
    try {
        static_cast<void>(load().value());
        FAIL() << "a missing file gave settings";
    } catch (const core::ErrorException& error) {
        EXPECT_THAT(error.what(), HasSubstr("No such file or directory"));
    }
}
