// SPDX-License-Identifier: Apache-2.0
#include "agent/log.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace agent {
namespace {

bool read_by_journal() {
    static const bool result = std::getenv("JOURNAL_STREAM") != nullptr;
    return result;
}

}  // namespace

void log(Priority priority, std::string_view text) {
    std::string line =
        read_by_journal() ? "<" + std::to_string(static_cast<int>(priority)) + ">" : "postfix-elb-agent: ";
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        line += value < 0x20 || value == 0x7f ? '?' : byte;
    }
    line += '\n';
    const ssize_t sent = ::send(STDERR_FILENO, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) {
        [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    }
}

}  // namespace agent
