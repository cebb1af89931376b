// SPDX-License-Identifier: Apache-2.0
// sd_notify(3). Without a service manager (no NOTIFY_SOCKET) every call does nothing.
#pragma once

#include <string_view>

namespace systemd {

void notify_ready();
void notify_reloading();
void notify_stopping();
void notify_status(std::string_view one_line);
void notify_watchdog();

}  // namespace systemd
