// SPDX-License-Identifier: Apache-2.0
#include "agent/relink/tree_copy.hpp"

#include "agent/relink/tree_remove.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/syscall.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "unit/agent/relink_support.hpp"

namespace agent::testing {

struct Synced {
    std::string path;
    std::int64_t ctime_ns = 0;  ///< then
};
/// What was synced, in that order, while it is not null.
static std::vector<Synced>* synced = nullptr;
static int syncs_of_everything = 0;

}  // namespace agent::testing

// In the place of the C library's: a sync that was forgotten is not to be seen in any file.
extern "C" int fsync(int fd) {
    if (agent::testing::synced != nullptr) {
        struct stat status {};
        ::fstat(fd, &status);
        const std::string self = "/proc/self/fd/" + std::to_string(fd);
        agent::testing::synced->push_back({std::filesystem::read_symlink(self).string(),
                                           agent::testing::nanoseconds(status.st_ctim)});
    }
    return static_cast<int>(::syscall(SYS_fsync, fd));
}
extern "C" int syncfs(int fd) noexcept {
    ++agent::testing::syncs_of_everything;
    return static_cast<int>(::syscall(SYS_syncfs, fd));
}

namespace agent {
namespace {

using namespace std::chrono_literals;
using namespace agent::testing;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class TreeCopyTest : public ::testing::Test {
   protected:
    void SetUp() override {
        if (::geteuid() != 0) {
            GTEST_SKIP() << "needs root";
        }
        ASSERT_TRUE(enter_private_mounts());  // before anything is opened: a descriptor stays in
                                              // its namespace
        fs::create_directory(to);
        place = FileDescriptor(::open(to.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    Target target() { return {place.get(), "copy", copy.string()}; }

    core::Result<Slice> run(TreeCopy& work, std::chrono::milliseconds budget = 1h) {
        while (true) {
            const auto slice = work.continue_for(budget);
            ++slices;
            if (slice.has_error() || *slice == Slice::done) {
                return slice;
            }
        }
    }
    void remove(const std::string& name) {
        TreeRemove work({place.get(), name, (to / name).string()});
        const auto slice = work.continue_for(1h);
        ASSERT_TRUE(slice.has_value()) << slice.error().message;
        EXPECT_EQ(*slice, Slice::done);
    }

    TemporaryDirectory directory;
    fs::path from = directory.path() / "from";
    fs::path wanted = directory.path() / "wanted";
    fs::path to = directory.path() / "to";
    fs::path copy = to / "copy";
    FileDescriptor place;
    int slices = 0;
};

TEST_F(TreeCopyTest, KeepsAllThatCountsAndLeavesTheRestOut) {
    make_queue_directories(from);
    make_chroot(from);
    set_old_times(from);
    const Tree pristine = tree_at(from);
    add_baked_in_leftovers(from);
    for (const auto& [path, entry] : pristine) {  // adding to a directory changed its times
        const timespec time{entry.mtime_ns / 1'000'000'000, entry.mtime_ns % 1'000'000'000};
        const timespec times[2] = {time, time};
        ::utimensat(AT_FDCWD, (from / path).c_str(), times, AT_SYMLINK_NOFOLLOW);
    }
    TreeCopy work(from.string(), target(), Durability::by_sync);
    const auto done = run(work);
    ASSERT_TRUE(done.has_value()) << done.error().message;
    expect_same_copy(pristine, tree_at(copy));
    EXPECT_EQ(work.entries(), pristine.size());
    const std::string where = from.string();
    EXPECT_THAT(work.take_log(),
                UnorderedElementsAre("left out " + where + "/dev/log (socket)",
                                     "left out " + where + "/dev/urandom (character device)",
                                     "left out of " + where + "/private: 2 of kind socket",
                                     "left out " + where + "/public/qmgr (FIFO)"));
}

TEST_F(TreeCopyTest, TheModeMaskOfTheProcessDoesNotMatter) {
    make_queue_directories(from);
    make_chroot(from);
    set_old_times(from);
    const mode_t before = ::umask(077);
    TreeCopy work(from.string(), target(), Durability::by_sync);
    const auto done = run(work);
    EXPECT_EQ(::umask(before), mode_t{077});
    ASSERT_TRUE(done.has_value()) << done.error().message;
    expect_same_copy(tree_at(from), tree_at(copy));
}

TEST_F(TreeCopyTest, EachFileAndDirectoryIsSyncedAsItStaysAndBeforeWhatHoldsIt) {
    make_queue_directories(from);
    make_chroot(from);
    set_old_times(from);
    std::vector<Synced> seen;
    synced = &seen;
    TreeCopy work(from.string(), target(), Durability::by_sync);
    const auto done = run(work);
    synced = nullptr;
    ASSERT_TRUE(done.has_value()) << done.error().message;
    std::map<std::string, std::size_t> position;
    for (const auto& [path, ctime_ns] : seen) {
        EXPECT_TRUE(position.emplace(path, position.size()).second) << path << " is synced twice";
        EXPECT_EQ(entry_at(path).ctime_ns, ctime_ns) << path << " was changed after it was synced";
    }
    for (const auto& [name, entry] : tree_at(copy)) {
        const std::string path = name == "." ? copy.string() : (copy / name).string();
        if (S_ISLNK(entry.mode)) {
            continue;  // an entry of its directory, and no more
        }
        ASSERT_TRUE(position.contains(path)) << path << " is not synced";
        EXPECT_TRUE(name == "." || position.at(path) < position.at(fs::path(path).parent_path()))
            << path;
    }
    EXPECT_EQ(syncs_of_everything, 0);
}

TEST_F(TreeCopyTest, WhereTheServerMakesItDurableNothingWrittenStaysBehind) {
    make_queue_directories(from);
    make_chroot(from);
    set_old_times(from);
    const PrivateMount mounted(to);  // as with NFS, direct writes of any length will do
    place = FileDescriptor(::open(to.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::vector<Synced> seen;
    synced = &seen;
    TreeCopy work(from.string(), target(), Durability::by_server);
    int files_seen = 0;
    auto slice = work.continue_for(0ms);
    for (; slice.has_value() && *slice == Slice::more; slice = work.continue_for(0ms)) {
        for (const auto& link : fs::directory_iterator("/proc/self/fd")) {
            std::error_code gone;
            const fs::path path = fs::read_symlink(link.path(), gone);
            const int fd = std::stoi(link.path().filename().string());
            if (path.string().starts_with(copy.string() + "/") && fs::is_regular_file(path)) {
                ++files_seen;
                const int flags = ::fcntl(fd, F_GETFL);
                EXPECT_NE(flags & O_DSYNC, 0) << path;
                const bool direct_works = ::fcntl(fd, F_SETFL, flags | O_DIRECT) == 0;
                EXPECT_EQ((flags & O_DIRECT) != 0, direct_works) << path;
            }
        }
    }
    synced = nullptr;
    ASSERT_TRUE(slice.has_value()) << slice.error().message;
    EXPECT_GE(files_seen, 6);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].path, copy.string());
    EXPECT_EQ(syncs_of_everything, 0);
    expect_same_copy(tree_at(from), tree_at(copy));
}

TEST_F(TreeCopyTest, TwoNamesOfAFileBecomeTwoFiles) {
    write_file(from / "etc/a", "same");
    fs::create_hard_link(from / "etc/a", from / "etc/b");
    TreeCopy work(from.string(), target(), Durability::by_sync);
    ASSERT_TRUE(run(work).has_value());
    EXPECT_EQ(entry_at(copy / "etc/a").links, 1U);
    EXPECT_EQ(entry_at(copy / "etc/b").links, 1U);
    EXPECT_EQ(entry_at(copy / "etc/b").content, "same");
}

TEST_F(TreeCopyTest, WorksInSlicesWhateverTheBudget) {
    make_queue_directories(from);
    make_chroot(from);
    set_old_times(from);
    TreeCopy work(from.string(), target(), Durability::by_sync);
    ASSERT_TRUE(run(work, 0ms).has_value());
    EXPECT_GT(slices, 20);
    expect_same_copy(tree_at(from), tree_at(copy));
}

TEST_F(TreeCopyTest, AGroupThatTheTargetWouldGiveIsNotTaken) {
    ASSERT_EQ(::chown(to.c_str(), 0, postdrop), 0);
    ASSERT_EQ(::chmod(to.c_str(), 02755), 0);
    make_queue_directories(from);
    make_chroot(from);
    set_old_times(from);
    TreeCopy work(from.string(), target(), Durability::by_sync);
    ASSERT_TRUE(run(work).has_value());
    expect_same_copy(tree_at(from), tree_at(copy));
}

TEST_F(TreeCopyTest, DoesNotGoIntoAnotherFileSystem) {
    make_queue_directories(from);
    const PrivateMount mounted(from / "lib");
    write_file(from / "lib/foreign", "x");
    TreeCopy work(from.string(), target(), Durability::by_sync);
    ASSERT_TRUE(run(work).has_value());
    EXPECT_FALSE(fs::exists(copy / "lib"));
    EXPECT_THAT(work.take_log(), UnorderedElementsAre("left out " + from.string() +
                                                      "/lib (entry on another file system)"));
}

TEST_F(TreeCopyTest, AFullTargetIsSaidByName) {
    write_file(from / "etc/big", std::string(3'000'000, 'x'));
    const PrivateMount mounted(to, "size=1m");
    place = FileDescriptor(::open(to.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    TreeCopy work(from.string(), target(), Durability::by_sync);
    const auto slice = run(work);
    ASSERT_TRUE(slice.has_error());
    EXPECT_EQ(slice.error().code, core::Errc::no_space);
    EXPECT_EQ(slice.error().message,
              "write " + copy.string() + "/etc/big: No space left on device");
    remove("copy");
    EXPECT_TRUE(fs::is_empty(to));
}

TEST_F(TreeCopyTest, ATargetThatExistsIsLeftAlone) {
    make_queue_directories(from);
    write_file(copy / "precious", "x");
    TreeCopy work(from.string(), target(), Durability::by_sync);
    const auto slice = run(work);
    ASSERT_TRUE(slice.has_error());
    EXPECT_EQ(slice.error().code, core::Errc::exists);
    EXPECT_EQ(tree_at(copy).size(), 2U);
}

TEST_F(TreeCopyTest, ALinkInThePlaceOfTheSkeletonIsNotFollowed) {
    make_queue_directories(wanted);
    fs::create_symlink(wanted, from);
    TreeCopy work(from.string(), target(), Durability::by_sync);
    EXPECT_TRUE(run(work).has_error());
    EXPECT_TRUE(fs::is_empty(to));
}

TEST_F(TreeCopyTest, TooDeepATreeIsRefused) {
    fs::path deep = from;
    for (std::size_t i = 0; i < TreeCopy::max_depth; ++i) {
        deep /= "d";
    }
    fs::create_directories(deep);
    TreeCopy work(from.string(), target(), Durability::by_sync);
    const auto slice = run(work);
    ASSERT_TRUE(slice.has_error());
    EXPECT_THAT(slice.error().message, HasSubstr("more than 64 directories deep"));
    remove("copy");
    EXPECT_TRUE(fs::is_empty(to));
}

TEST_F(TreeCopyTest, RemovingDoesNotFollowLinks) {
    write_file(from / "precious", "x");
    make_directory(copy / "below", 0755, 0, 0);
    fs::create_directory_symlink(from, copy / "below/link");
    fs::create_symlink(from / "precious", copy / "file");
    remove("copy");
    EXPECT_TRUE(fs::is_empty(to));
    EXPECT_EQ(read_file(from / "precious"), "x");
    fs::create_directory_symlink(from, copy);
    remove("copy");
    EXPECT_TRUE(fs::is_empty(to));
    EXPECT_EQ(read_file(from / "precious"), "x");
    remove("copy");  // nothing there
}

TEST_F(TreeCopyTest, RemovingDoesNotEnterAnotherFileSystem) {
    fs::create_directories(copy / "other");
    const PrivateMount mounted(copy / "other");
    write_file(copy / "other/precious", "x");
    TreeRemove work({place.get(), "copy", copy.string()});
    const auto slice = work.continue_for(1h);
    ASSERT_TRUE(slice.has_error());
    EXPECT_EQ(slice.error().message,
              "remove " + copy.string() + "/other: it is on another file system");
    EXPECT_EQ(read_file(copy / "other/precious"), "x");
}

TEST_F(TreeCopyTest, RemovingWorksInSlices) {
    make_queue_directories(copy);
    make_chroot(copy);
    TreeRemove work({place.get(), "copy", copy.string()});
    int calls = 1;
    for (auto slice = work.continue_for(0ms); slice.has_value() && *slice == Slice::more; ++calls) {
        slice = work.continue_for(0ms);
    }
    EXPECT_GT(calls, 20);
    EXPECT_TRUE(fs::is_empty(to));
}

}  // namespace
}  // namespace agent
