// SPDX-License-Identifier: Apache-2.0
#include "agent/base/log.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace agent {

bool is_journal_stream(int descriptor, const char* journal_stream) {
    struct stat status {};
    return journal_stream != nullptr && ::fstat(descriptor, &status) == 0 &&
           std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == journal_stream;
}

bool journal_reads_stderr() {
    static const bool result = is_journal_stream(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
    return result;
}

void log(Priority priority, std::string_view text) {
    std::string line = journal_reads_stderr()
                           ? "<" + std::to_string(static_cast<int>(priority)) + ">"
                           : "postfix-elb-agent: ";
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        line += value < 0x20 || value == 0x7f ? '?' : byte;
    }
    line += '\n';
    const ssize_t sent =
        ::send(STDERR_FILENO, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) {
        [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    }
}

}  // namespace agent
