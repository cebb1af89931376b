// SPDX-License-Identifier: Apache-2.0
#include "agent/doctor/local_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>

#include "unit/temporary_directory.hpp"

namespace {

namespace fs = std::filesystem;
using Kind = core::PathFacts::Kind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class LocalFiles : public testing::Test {
   protected:
    void write(const std::string& path, std::string_view text) {
        fs::create_directories(fs::path(root_.path() + path).parent_path());
        tests::write_file(root_.path() + path, text);
    }
    void make_queue(const std::string& path) {
        for (const char* name :
             {"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
              "maildrop", "pid", "private", "public", "saved", "trace"}) {
            fs::create_directories(root_.path() + path + "/" + name);
        }
    }

    tests::TemporaryDirectory root_;
    agent::LocalPaths local_{""};
    agent::LocalFiles files_{local_, root_.path()};
};

TEST_F(LocalFiles, ATextIsReadBelowTheRoot) {
    write("/etc/fstab", "srv:/ /Mail nfs4\n");
    EXPECT_EQ(files_.text("/etc/fstab").value(), "srv:/ /Mail nfs4\n");
    EXPECT_EQ(files_.text("/etc/none").error().code, core::Errc::missing);
}

TEST_F(LocalFiles, TheObjectAtAPathIsReported) {
    write("/etc/agent.json", "{}");
    ASSERT_EQ(::chmod((root_.path() + "/etc/agent.json").c_str(), 0666), 0);
    EXPECT_EQ(files_.look_at("/etc/agent.json").kind, Kind::file);
    EXPECT_EQ(files_.look_at("/etc/agent.json").mode, 0666U);
    EXPECT_EQ(files_.look_at("/etc/agent.json").path, "/etc/agent.json") << "without the root";
    EXPECT_EQ(files_.look_at("/etc").kind, Kind::directory);
    EXPECT_EQ(files_.look_at("/none").kind, Kind::absent);
    ASSERT_EQ(::mkfifo((root_.path() + "/fifo").c_str(), 0600), 0);
    EXPECT_EQ(files_.look_at("/fifo").kind, Kind::other);
}

TEST_F(LocalFiles, FileSystemsOfOtherHostsAreNotTouched) {
    fs::create_directories(root_.path() + "/Mail/x");
    const agent::LocalPaths local("1 2 0:40 / " + root_.path() + "/Mail rw - nfs4 srv:/ rw\n");
    const agent::LocalFiles files(local, root_.path());
    EXPECT_EQ(files.look_at("/Mail/x").kind, Kind::not_local);
    EXPECT_THAT(files.names_in("/Mail"), IsEmpty());
    EXPECT_EQ(files.skeleton("/Mail/x").error().code, core::Errc::refused);
    fs::create_symlink(root_.path() + "/Mail/x", root_.path() + "/link");
    EXPECT_EQ(files.look_at("/link").kind, Kind::not_local) << "not through a link either";
    EXPECT_EQ(files.link("/link").target, root_.path() + "/Mail/x");
}

TEST_F(LocalFiles, APristineSkeletonDiffersFromAUsedOne) {
    make_queue("/queue");
    const auto pristine = files_.skeleton("/queue");
    ASSERT_TRUE(pristine) << pristine.error().message;
    EXPECT_EQ(pristine->mail, 0U);
    EXPECT_THAT(pristine->missing, IsEmpty());
    EXPECT_THAT(pristine->leftovers, IsEmpty());

    write("/queue/deferred/A/ABCDEF", "mail");
    write("/queue/pid/master.pid", "1\n");
    ASSERT_EQ(::mkfifo((root_.path() + "/queue/public/pickup").c_str(), 0600), 0);
    fs::remove(root_.path() + "/queue/active");
    const auto used = files_.skeleton("/queue");
    ASSERT_TRUE(used) << used.error().message;
    EXPECT_EQ(used->mail, 1U);
    EXPECT_THAT(used->missing, ElementsAre("active"));
    EXPECT_THAT(used->leftovers, ElementsAre("pid/master.pid", "public/pickup"));
}

TEST_F(LocalFiles, TheDropInsOfAnAdministratorAreFound) {
    fs::create_directories(root_.path() + "/etc/systemd/system/postfix.service.d");
    fs::create_directories(root_.path() + "/etc/systemd/system/other.service.d");
    fs::create_directories(root_.path() + "/run/systemd/system/postfix@.service.d");
    fs::create_directories(root_.path() + "/usr/lib/systemd/system/postfix.service.d");
    EXPECT_THAT(files_.drop_ins(), UnorderedElementsAre("/etc/systemd/system/postfix.service.d",
                                                        "/run/systemd/system/postfix@.service.d"));
}

TEST_F(LocalFiles, AnIdentityInModprobesFilesIsFoundButNotInAComment) {
    write("/etc/modprobe.d/a.conf", "# options nfs nfs4_unique_id=no\noptions nfs other=1\n");
    EXPECT_EQ(files_.modprobe_unique_id(), "");
    write("/etc/modprobe.d/b.conf", "options nfs x=1 nfs4_unique_id=i-0 y=2\n");
    EXPECT_EQ(files_.modprobe_unique_id(), "i-0");
}

}  // namespace
