// SPDX-License-Identifier: Apache-2.0
#include "agent/base/log_sinks.hpp"

#include "agent/base/log.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace agent {
namespace {

constexpr std::string_view journal_path = "/run/systemd/journal/socket";
constexpr const char* console_path = "/dev/console";

bool is_service() {
    return std::getenv("NOTIFY_SOCKET") != nullptr || std::getenv("INVOCATION_ID") != nullptr;
}

FileDescriptor connect_to_journal() {
    FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(journal_path.begin(), journal_path.end(), address.sun_path);
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return {};
    }
    return socket;
}

}  // namespace

LogSinks open_log_sinks() {
    LogSinks log_sinks;
    if (journal_reads_stderr()) {
        log_sinks.journal = connect_to_journal();
    }
    if (is_service()) {
        log_sinks.console =
            FileDescriptor(::open(console_path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    }
    return log_sinks;
}

}  // namespace agent
