// SPDX-License-Identifier: Apache-2.0
#include "agent/base/log.hpp"

#include "agent/base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>

namespace agent {
namespace {

TEST(Log, KnowsTheJournalsStreamByItsDeviceAndInode) {
    const FileDescriptor file(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    struct stat status {};
    ASSERT_EQ(::fstat(file.get(), &status), 0);
    const std::string device = std::to_string(status.st_dev);
    const std::string inode = std::to_string(status.st_ino);
    EXPECT_TRUE(is_journal_stream(file.get(), (device + ":" + inode).c_str()));
    EXPECT_FALSE(is_journal_stream(file.get(), (device + ":" + inode + "1").c_str()));
    EXPECT_FALSE(is_journal_stream(file.get(), (inode + ":" + device).c_str()));
    EXPECT_FALSE(is_journal_stream(file.get(), ""));
    EXPECT_FALSE(is_journal_stream(file.get(), nullptr));
    EXPECT_FALSE(is_journal_stream(-1, (device + ":" + inode).c_str()));
}

/// Standard error of this process is `descriptor` while this lives.
class StandardError {
   public:
    explicit StandardError(int descriptor) : before_(::dup(STDERR_FILENO)) {
        ::dup2(descriptor, STDERR_FILENO);
    }
    ~StandardError() { ::dup2(before_.get(), STDERR_FILENO); }
    StandardError(const StandardError&) = delete;
    StandardError& operator=(const StandardError&) = delete;

   private:
    FileDescriptor before_;
};

/// What can be read now.
std::string drain(const FileDescriptor& from) {
    std::string text;
    std::array<char, 4096> bytes{};
    pollfd ready{from.get(), POLLIN, 0};
    while (::poll(&ready, 1, 0) == 1) {
        const ssize_t size = ::read(from.get(), bytes.data(), bytes.size());
        if (size <= 0) {
            break;
        }
        text.append(bytes.data(), static_cast<std::size_t>(size));
    }
    return text;
}

/// Of one page.
struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        reader = FileDescriptor(ends[0]);
        writer = FileDescriptor(ends[1]);
        EXPECT_GT(::fcntl(writer.get(), F_SETPIPE_SZ, 4096), 0);
    }
    FileDescriptor reader;
    FileDescriptor writer;
};

constexpr int lines = 5000;

/// Logs more than fits, reads it all, and logs one more line. Returns what came in the end.
std::string after_a_reader_slept(const FileDescriptor& reader) {
    for (int i = 0; i < lines; ++i) {
        log(Priority::info, "line of a log that nothing reads");
    }
    EXPECT_NE(drain(reader), "");
    log(Priority::info, "the next line");
    return drain(reader);
}

int number_in(const std::string& text, const std::string& before) {
    const std::size_t at = text.find(before);
    EXPECT_NE(at, std::string::npos) << text;
    return at == std::string::npos ? 0 : std::stoi(text.substr(at + before.size()));
}

void expect_dropped_lines_are_counted(const std::string& text) {
    EXPECT_NE(text.find(" log lines were dropped, because nothing read standard error fast enough"),
              std::string::npos)
        << text;
    EXPECT_TRUE(text.ends_with("postfix-elb-agent: the next line")) << text;
    const int dropped = number_in(text, "postfix-elb-agent: ");
    EXPECT_GT(dropped, lines / 2);
    EXPECT_LT(dropped, lines);
}

TEST(Log, NeverWaitsForTheReaderOfAPipe) {
    const Pipe pipe;
    std::string text;
    {
        const StandardError is_the(pipe.writer.get());
        open_stderr_again();
        text = after_a_reader_slept(pipe.reader);
    }
    ASSERT_TRUE(text.ends_with('\n'));
    expect_dropped_lines_are_counted(text.substr(0, text.size() - 1));
    EXPECT_EQ(::fcntl(pipe.writer.get(), F_GETFL) & O_NONBLOCK, 0)
        << "the descriptor of other processes stays as it is";
}

TEST(Log, NeverWaitsForAPipeThatCannotBeOpenedAgain) {
    const Pipe pipe;
    std::string text;
    {
        const StandardError is_the(pipe.writer.get());
        text = after_a_reader_slept(pipe.reader);
    }
    EXPECT_NE(text.find(" log lines were dropped"), std::string::npos) << text;
}

TEST(Log, NeverWaitsForTheReaderOfATerminal) {
    const FileDescriptor reader(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(reader);
    ASSERT_EQ(::unlockpt(reader.get()), 0);
    const FileDescriptor terminal(::open(::ptsname(reader.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(terminal);
    std::string text;
    {
        const StandardError is_the(terminal.get());
        open_stderr_again();
        text = after_a_reader_slept(reader);
    }
    ASSERT_TRUE(text.ends_with("\r\n"));
    const std::size_t begin = text.rfind("postfix-elb-agent: ", text.find(" log lines"));
    ASSERT_NE(begin, std::string::npos) << text;
    expect_dropped_lines_are_counted(text.substr(begin, text.size() - begin - 2));
}

TEST(Log, WritesEveryLineToAFile) {
    std::string path = testing::TempDir() + "pea-log-XXXXXX";
    const FileDescriptor file(::mkstemp(path.data()));
    ASSERT_TRUE(file);
    ::unlink(path.c_str());
    const std::string text(100'000, 'x');
    {
        const StandardError is_the(file.get());
        open_stderr_again();
        log(Priority::info, text);
        log(Priority::info, text);
    }
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR),
              static_cast<off_t>(2 * ("postfix-elb-agent: " + text + "\n").size()));
}

}  // namespace
}  // namespace agent
