// SPDX-License-Identifier: Apache-2.0
#include "agent/maillog/disk_reader.hpp"

#include "agent/base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "unit/temporary_directory.hpp"

namespace {

using agent::DiskReader;
using agent::FileDescriptor;

constexpr std::size_t size = 8 * 1024 * 1024;

std::string contents() {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        text[i] = static_cast<char>(i * 31 + i / 4093);
    }
    return text;
}

// Whether any page of the file is in memory.
bool is_cached(int file) {
    void* const map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    std::vector<unsigned char> pages((size - 1) / static_cast<std::size_t>(::getpagesize()) + 1);
    const bool known = ::mincore(map, size, pages.data()) == 0;
    ::munmap(map, size);
    return !known || std::ranges::any_of(pages, [](unsigned char page) { return (page & 1) != 0; });
}

class DiskReaderTest : public testing::Test {
   protected:
    FileDescriptor open_file() const {
        return FileDescriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    }

    // False where the file system keeps its files in memory.
    bool write_cold_file() {
        tests::write_file(path_, contents());
        const FileDescriptor file(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
        ::fsync(file.get());
        // A page that another processor uses at that moment stays in memory.
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        do {
            ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
        } while (is_cached(file.get()) && std::chrono::steady_clock::now() < deadline);
        return !is_cached(file.get());
    }

    // Whether the reader returned "later" for a page that is not in memory. Linux 6.2 and later
    // start to read ahead also for RWF_NOWAIT, so that a fast disk may have the page at once: try
    // again.
    bool is_fetched_in_the_background(DiskReader& reader, int file, std::uint64_t offset) {
        std::array<char, 100> buffer;
        for (int attempt = 0; attempt < 200; ++attempt) {
            if (write_cold_file() && reader.read(file, buffer, offset).value().fetching) {
                return true;
            }
        }
        return false;
    }

    // Reads it all; pauses where the reader returns "later".
    std::string read_all(int file) {
        std::string text;
        std::array<char, 50000> buffer;
        for (;;) {
            const auto got = reader_.read(file, buffer, text.size()).value();
            if (got.fetching) {
                ++pauses_;
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            } else if (got.bytes == 0) {
                return text;
            }
            text.append(buffer.data(), got.bytes);
        }
    }

    tests::TemporaryDirectory folder_;
    std::string path_ = folder_ / "file";
    DiskReader reader_{1024 * 1024};
    int pauses_ = 0;
};

TEST_F(DiskReaderTest, APageInMemoryIsReadAtOnce) {
    tests::write_file(path_, contents());
    EXPECT_EQ(read_all(open_file().get()), contents());
    EXPECT_EQ(pauses_, 0);
}

TEST_F(DiskReaderTest, AColdPageIsFetchedInTheBackground) {
    if (!write_cold_file()) {
        GTEST_SKIP() << "this file system keeps its files in memory";
    }
    const FileDescriptor file = open_file();
    EXPECT_TRUE(is_fetched_in_the_background(reader_, file.get(), 0));
    EXPECT_EQ(read_all(file.get()), contents());
}

TEST_F(DiskReaderTest, AfterItsPatienceItWaits) {
    if (!write_cold_file()) {
        GTEST_SKIP() << "this file system keeps its files in memory";
    }
    const FileDescriptor file = open_file();
    DiskReader reader(0, 1);
    std::array<char, 100> buffer;
    EXPECT_TRUE(is_fetched_in_the_background(reader, file.get(), size / 2));
    EXPECT_EQ(reader.read(file.get(), buffer, 0).value().bytes, buffer.size());
}

TEST_F(DiskReaderTest, AFileWithoutNonBlockingReadsIsReadDirectly) {
    const FileDescriptor file(::open("/proc/version", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(read_all(file.get()).rfind("Linux version ", 0), 0U);
}

TEST_F(DiskReaderTest, AnErrorIsReturned) {
    std::array<char, 10> buffer;
    const auto got = reader_.read(-1, buffer, 0);
    ASSERT_FALSE(got);
    EXPECT_NE(got.error().message.find("Bad file descriptor"), std::string::npos);
    EXPECT_FALSE(reader_.read(FileDescriptor(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)).get(),
                              buffer, 0));
}

}  // namespace
