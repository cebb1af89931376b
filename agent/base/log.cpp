// SPDX-License-Identifier: Apache-2.0
#include "agent/base/log.hpp"

#include "agent/base/file_descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace agent {
namespace {

/// Whether a write of PIPE_BUF bytes will not wait, as far as that can be known.
bool may_write() {
    if ((::fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK) != 0) {
        return true;
    }
    pollfd now{STDERR_FILENO, POLLOUT, 0};
    return ::poll(&now, 1, 0) == 1 && (now.revents & POLLOUT) != 0;
}

/// The number of bytes that were written.
std::size_t write_now(std::string_view line) {
    const ssize_t sent =
        ::send(STDERR_FILENO, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0 || errno != ENOTSOCK) {
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }
    std::size_t written = 0;
    while (written < line.size() && may_write()) {
        const std::size_t size = std::min<std::size_t>(line.size() - written, PIPE_BUF);
        const ssize_t wrote = ::write(STDERR_FILENO, line.data() + written, size);
        if (wrote <= 0) {
            break;
        }
        written += static_cast<std::size_t>(wrote);
    }
    return written;
}

std::string line_of(Priority priority, std::string_view text) {
    std::string line = journal_reads_stderr()
                           ? "<" + std::to_string(static_cast<int>(priority)) + ">"
                           : "postfix-elb-agent: ";
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        line += value < 0x20 || value == 0x7f ? '?' : byte;
    }
    return line + '\n';
}

/// False if not all of it was written.
bool write_line(Priority priority, std::string_view text) {
    static bool is_cut = false;  // the latest line was written in part
    const std::string line = (is_cut ? "\n" : "") + line_of(priority, text);
    const std::size_t written = write_now(line);
    if (written > 0) {
        is_cut = written < line.size();
    }
    return written == line.size();
}

}  // namespace

bool is_journal_stream(int descriptor, const char* journal_stream) {
    struct stat status {};
    return journal_stream != nullptr && ::fstat(descriptor, &status) == 0 &&
           std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == journal_stream;
}

bool journal_reads_stderr() {
    static const bool result = is_journal_stream(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
    return result;
}

void open_stderr_again() {
    struct stat status {};
    if (::fstat(STDERR_FILENO, &status) != 0 ||
        !(S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode))) {
        return;
    }
    const FileDescriptor again(
        ::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (again) {
        ::dup2(again.get(), STDERR_FILENO);
    }
}

void log(Priority priority, std::string_view text) {
    static std::uint64_t dropped = 0;  // since the latest line that was written whole
    if (dropped > 0 &&
        write_line(Priority::warning, std::to_string(dropped) +
                                          " log lines were dropped, because nothing read standard "
                                          "error fast enough")) {
        dropped = 0;
    }
    if (!write_line(priority, text)) {
        ++dropped;
    }
}

}  // namespace agent
