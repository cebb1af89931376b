// SPDX-License-Identifier: Apache-2.0
// sd_notify(3). Without a service manager (no NOTIFY_SOCKET) every call does nothing. Known limit:
// libsystemd waits while the manager is so far behind that its socket is full (the kernel's
// net.unix.max_dgram_qlen messages).
#pragma once

#include <chrono>
#include <string_view>

namespace systemd {

/// Whether there is one.
[[nodiscard]] bool manager_listens();

void notify_ready();
void notify_reloading();
/// The end comes within that time, however short TimeoutStopSec= is.
void notify_stopping(std::chrono::microseconds within);
/// The text comes from the server, which may be somebody else's: it is cut and made one line of
/// printable ASCII, so that it can say nothing but a status.
void notify_status(std::string_view text);
void notify_watchdog();

}  // namespace systemd
