// SPDX-License-Identifier: Apache-2.0
// sd_notify(3). Without a service manager (no NOTIFY_SOCKET) every call does nothing. Known limit:
// libsystemd waits while the manager is so far behind that its socket is full (the kernel's
// net.unix.max_dgram_qlen messages).
#pragma once

#include <chrono>
#include <string_view>

namespace systemd {

/// Whether there is a service manager.
[[nodiscard]] bool manager_listens();

void notify_ready();
void notify_reloading();
/// Extends the stop timeout to this time, even if TimeoutStopSec= is shorter.
void notify_stopping(std::chrono::microseconds within);
/// Sends one line of printable ASCII of bounded length. Why: the text comes from the server, which
/// an attacker may control, and must not become another message.
void notify_status(std::string_view text);
void notify_watchdog();

}  // namespace systemd
