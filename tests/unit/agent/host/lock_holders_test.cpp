// SPDX-License-Identifier: Apache-2.0
#include "agent/host/lock_holders.hpp"

#include "agent/base/file_descriptor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <string>

#include "unit/temporary_directory.hpp"

namespace core {
void PrintTo(const LockHolder& holder, std::ostream* out) {
    *out << holder.pid << ' ' << holder.exe;
}
}  // namespace core

namespace agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LockHoldersTest : public ::testing::Test {
   protected:
    LockHoldersTest()
        : file(::open((directory / "master.pid").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        EXPECT_EQ(::fstat(file.get(), &status), 0);
    }
    std::vector<core::LockHolder> holders() const {
        return find_lock_holders(
            std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev)),
            status.st_ino);
    }

    tests::TemporaryDirectory directory;
    FileDescriptor file;
    struct stat status {};
    core::LockHolder myself{::getpid(), std::filesystem::read_symlink("/proc/self/exe")};
};

TEST_F(LockHoldersTest, ALockHolderOfThisHostIsNamedWithItsProgram) {
    EXPECT_THAT(holders(), IsEmpty());
    ASSERT_EQ(::flock(file.get(), LOCK_SH), 0);
    EXPECT_THAT(holders(), ElementsAre(myself));
    ASSERT_EQ(::flock(file.get(), LOCK_EX), 0);
    EXPECT_THAT(holders(), ElementsAre(myself));
    ASSERT_EQ(::flock(file.get(), LOCK_UN), 0);
    EXPECT_THAT(holders(), IsEmpty());
}

TEST_F(LockHoldersTest, ALockOfFcntlCountsToo) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    ASSERT_EQ(::fcntl(file.get(), F_SETLK, &lock), 0);
    EXPECT_THAT(holders(), ElementsAre(myself));
}

TEST_F(LockHoldersTest, AnOpenFileDescriptionLockHasNoNamedHolder) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    ASSERT_EQ(::fcntl(file.get(), F_OFD_SETLK, &lock), 0);
    EXPECT_THAT(holders(), ElementsAre(core::LockHolder{0, ""}));
}

TEST_F(LockHoldersTest, AProcessThatIsGoneHasNoProgram) {
    tests::write_file(directory / "locks", "1: FLOCK  ADVISORY  WRITE 771 00:28:131448 0 EOF\n");
    EXPECT_THAT(find_lock_holders("0:40", 131448, directory.path()),
                ElementsAre(core::LockHolder{771, ""}));
    EXPECT_THAT(find_lock_holders("0:40", 131448, directory / "nowhere"), IsEmpty());
}

}  // namespace
}  // namespace agent
