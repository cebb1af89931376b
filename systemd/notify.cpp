// SPDX-License-Identifier: Apache-2.0
#include "systemd/notify.hpp"

#include "core/base/printable.hpp"

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <ctime>
#include <string>

namespace systemd {
namespace {

constexpr std::size_t longest_status = 1000;

// Ignores the result: an absent manager is no failure.
void send(const std::string& state) {
    static_cast<void>(sd_notify(0, state.c_str()));
}

}  // namespace

bool manager_listens() {
    const char* socket = std::getenv("NOTIFY_SOCKET");
    return socket != nullptr && *socket != '\0';
}

void notify_ready() {
    send("READY=1");
}

void notify_reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const long long microseconds = now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void notify_stopping(std::chrono::microseconds within) {
    send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(within.count()));
}

void notify_status(std::string_view text) {
    send("STATUS=" + core::printable(text, longest_status));
}

void notify_watchdog() {
    send("WATCHDOG=1");
}

}  // namespace systemd
