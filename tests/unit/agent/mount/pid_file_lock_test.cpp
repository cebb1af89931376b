// SPDX-License-Identifier: Apache-2.0
// On a local file system; what a file server would say: tests/faults/test_faultfs.py.
#include "agent/mount/pid_file_lock.hpp"

#include "agent/base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string>

#include "unit/agent/relink_support.hpp"

namespace agent {
namespace {

using namespace agent::testing;
using State = core::LockFacts::State;

const std::string id = "i-0123456789abcdef0";

int take(const std::string& file, int command) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    return ::fcntl(descriptor, command, &lock) == 0 ? descriptor : -1;
}

/// A process that holds a POSIX lock until it is killed.
class Holder {
   public:
    explicit Holder(const std::string& file) {
        std::array<int, 2> pipe{};
        EXPECT_EQ(::pipe(pipe.data()), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            const bool held = take(file, F_SETLK) >= 0;
            static_cast<void>(::write(pipe[1], held ? "y" : "n", 1) + ::pause());
            ::_exit(0);
        }
        char said = 0;
        EXPECT_EQ(::read(pipe[0], &said, 1), 1);
        EXPECT_EQ(said, 'y');
        ::close(pipe[0]);
        ::close(pipe[1]);
    }
    ~Holder() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    [[nodiscard]] pid_t pid() const { return pid_; }

   private:
    pid_t pid_ = -1;
};

class PidFileLockTest : public ::testing::Test {
   protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root";
        }
        settings.mount.path = (directory.path() / "Mail").string();
        settings.mount.fstypes = {"tmpfs"};
        mounted.emplace(settings.mount.path);
        file = settings.mount.path + "/" + id + "/pid/master.pid";
        fs::create_directories(fs::path(file).parent_path());
        std::ofstream(file) << "1\n";
    }
    core::LockFacts ask() const { return ask_pid_file_lock(settings, id); }

    TemporaryDirectory directory;
    core::Settings settings;
    std::optional<PrivateMount> mounted;
    std::string file;
};

TEST_F(PidFileLockTest, SaysFreeAndTakesNothing) {
    EXPECT_EQ(ask().state, State::free);
    const Holder holder(file);  // it can be had
}

TEST_F(PidFileLockTest, NamesTheProcessOfThisHostThatHoldsIt) {
    const Holder holder(file);
    const core::LockFacts facts = ask();
    EXPECT_EQ(facts.state, State::held);
    EXPECT_EQ(facts.pid, holder.pid());
}

TEST_F(PidFileLockTest, ReportsNoPidForAnOpenFileDescriptionLockAndKeepsIt) {
    const FileDescriptor own(take(file, F_OFD_SETLK));
    ASSERT_TRUE(own);
    for (int i = 0; i < 2; ++i) {
        const core::LockFacts facts = ask();
        EXPECT_EQ(facts.state, State::held);
        EXPECT_EQ(facts.pid, 0);
    }
}

TEST_F(PidFileLockTest, SaysAbsentWithoutAPidFile) {
    fs::remove(file);
    EXPECT_EQ(ask().state, State::absent);
    fs::remove_all(settings.mount.path + "/" + id);
    EXPECT_EQ(ask().state, State::absent);
}

TEST_F(PidFileLockTest, FollowsNoLink) {
    fs::rename(file, file + ".real");
    fs::create_symlink(file + ".real", file);
    const core::LockFacts facts = ask();
    EXPECT_EQ(facts.state, State::error);
    EXPECT_EQ(facts.error_number, ELOOP);
    EXPECT_EQ(facts.error, "open " + file + ": Too many levels of symbolic links");
}

TEST_F(PidFileLockTest, SaysWhyNotWhereNothingIsMounted) {
    mounted.reset();
    const core::LockFacts facts = ask();
    EXPECT_EQ(facts.state, State::error);
    EXPECT_EQ(facts.error_number, 0);
    EXPECT_EQ(facts.error, settings.mount.path + ": not mounted");
}

}  // namespace
}  // namespace agent
