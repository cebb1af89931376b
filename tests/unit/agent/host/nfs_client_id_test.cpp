// SPDX-License-Identifier: Apache-2.0
// Which files are read and written; core/nfs/client_id_plan.hpp decides.
#include "agent/host/nfs_client_id.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class NfsClientIdTest : public ::testing::Test {
   protected:
    NfsClientIdTest() {
        paths.net = directory / "identifier";
        paths.parameter = directory / "nfs4_unique_id";
        paths.product_uuid = directory / "product_uuid";
        paths.mountinfo = directory / "mountinfo";
        names.dmi_asset_tag = "i-0123456789abcdef0\n";
        write(paths.net, "(null)\n");
        write(paths.parameter, "\n");
        write(paths.mountinfo, "");
    }

    static void write(const std::string& path, const std::string& text) {
        std::ofstream(path) << text;
    }

    /// A file of sysfs replaces its content with what is written, whole; a plain one only its
    /// beginning.
    static std::string read(const std::string& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    core::Result<std::string> set() { return set_nfs_identity(settings, names, paths); }

    tests::TemporaryDirectory directory;
    core::Settings settings;
    IdentityFiles names;
    NfsIdentityPaths paths;
};

TEST_F(NfsClientIdTest, TheIdIsWrittenToTheNetworkNamespaceOnly) {
    const auto said = set();
    ASSERT_TRUE(said) << said.error().message;
    EXPECT_THAT(*said, HasSubstr("i-0123456789abcdef0"));
    EXPECT_EQ(read(paths.net), "i-0123456789abcdef0");
    EXPECT_EQ(read(paths.parameter), "\n");
}

TEST_F(NfsClientIdTest, AnOlderKernelHasOnlyTheParameter) {
    fs::remove(paths.net);
    ASSERT_TRUE(set());
    EXPECT_EQ(read(paths.parameter), "i-0123456789abcdef0");
    EXPECT_FALSE(fs::exists(paths.net));
}

TEST_F(NfsClientIdTest, AnIdThatIsSetIsNotTouched) {
    write(paths.parameter, "mine\n");
    ASSERT_TRUE(set());
    EXPECT_EQ(read(paths.parameter), "mine\n");
    EXPECT_EQ(read(paths.net), "(null)\n");
}

TEST_F(NfsClientIdTest, WithoutNfsNoFileIsCreated) {
    fs::remove(paths.net);
    fs::remove(paths.parameter);
    const auto said = set();
    ASSERT_FALSE(said);
    EXPECT_THAT(said.error().message, HasSubstr("sudo modprobe nfs"));
    EXPECT_FALSE(fs::exists(paths.net));
    EXPECT_FALSE(fs::exists(paths.parameter));
}

TEST_F(NfsClientIdTest, AnExistingMountIsMentioned) {
    write(paths.mountinfo, "163 27 0:40 / /Mail rw,relatime shared:61 - nfs4 srv:/ rw,vers=4.1\n");
    EXPECT_THAT(set().value(), HasSubstr("from the next mount on"));
}

TEST_F(NfsClientIdTest, AnotherFileSystemAtTheMountPointIsNotMentioned) {
    write(paths.mountinfo, "163 27 0:40 / /Mail rw,relatime shared:61 - ext4 /dev/sdb rw\n");
    EXPECT_THAT(set().value(), testing::Not(HasSubstr("from the next mount on")));
}

TEST_F(NfsClientIdTest, TheProductUuidIsTheLastSource) {
    names.dmi_asset_tag.clear();
    write(paths.product_uuid, "EC2A1B2C-3D4E-5F60-7182-93A4B5C6D7E8\n");
    ASSERT_TRUE(set());
    EXPECT_EQ(read(paths.net), "ec2a1b2c-3d4e-5f60-7182-93a4b5c6d7e8");
}

}  // namespace
}  // namespace agent
