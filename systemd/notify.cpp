// SPDX-License-Identifier: Apache-2.0
#include "systemd/notify.hpp"

#include <systemd/sd-daemon.h>

#include <ctime>
#include <string>

namespace systemd {
namespace {

// A manager that does not listen is no reason to fail: sd_notify's result says only that.
void tell(const std::string& state) {
    static_cast<void>(sd_notify(0, state.c_str()));
}

}  // namespace

void notify_ready() {
    tell("READY=1");
}

void notify_reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const long long microseconds = now.tv_sec * 1'000'000LL + now.tv_nsec / 1'000;
    tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void notify_stopping() {
    tell("STOPPING=1");
}

void notify_status(std::string_view one_line) {
    tell("STATUS=" + std::string(one_line));
}

void notify_watchdog() {
    tell("WATCHDOG=1");
}

}  // namespace systemd
