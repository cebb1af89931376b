// SPDX-License-Identifier: Apache-2.0
// A real systemd-journald on /run and /var/log of the test's own.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "unit/systemd/child.hpp"

namespace tests {

class Journald {
   public:
    static constexpr const char* volatile_files = "/run/log/journal";
    static constexpr const char* persistent_files = "/var/log/journal";

    /// Skips the test where mounts are not permitted.
    static bool furnish() {
        if (!enter_private_mounts() || ::mount("log", "/var/log", "tmpfs", 0, "mode=755") != 0) {
            return false;
        }
        std::filesystem::create_directories("/run/systemd/journald.conf.d");
        std::ofstream("/run/systemd/journald.conf.d/test.conf")
            << "[Journal]\nReadKMsg=no\nAudit=no\nRateLimitIntervalSec=0\nForwardToWall="
               "no\nSyncIntervalSec=1s\n";
        return true;
    }

    void start() {
        std::filesystem::remove(socket_path);
        process_ =
            std::make_unique<Child>(std::vector<std::string>{"/lib/systemd/systemd-journald"});
        ASSERT_TRUE(eventually([] { return send("test", "<30>", "journald is up", false); }));
    }
    void kill() { process_->end(SIGKILL); }
    void stop() { process_->end(SIGTERM); }

    /// As syslog(3) sends it: facility mail.
    void log(std::string_view tag, std::string_view text) {
        EXPECT_TRUE(send(tag, "<18>", text, true));
    }
    /// The same, from another user's process.
    void log_as_another_user(std::string_view tag, std::string_view text) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            constexpr uid_t another_user = 65534;
            ::_exit(::setresuid(another_user, another_user, another_user) == 0 &&
                            send(tag, "<18>", text, true)
                        ? 0
                        : 1);
        }
        int status = -1;
        EXPECT_EQ(::waitpid(pid, &status, 0), pid);
        EXPECT_EQ(status, 0) << "what another user logs reaches journald";
    }
    void log_as_daemon(std::string_view tag, std::string_view text) {
        EXPECT_TRUE(send(tag, "<26>", text, true));
    }

    static void control(const std::string& option) {
        Child journalctl({"journalctl", option});
        EXPECT_EQ(journalctl.wait(), 0) << "journalctl " << option;
    }

   private:
    static constexpr const char* socket_path = "/run/systemd/journal/dev-log";

    static bool send(std::string_view tag, std::string_view priority, std::string_view text,
                     bool with_pid) {
        const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        const int large = 1 << 20;
        ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &large, sizeof large);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, socket_path);
        std::string line(priority);
        line.append("Nov 22 10:15:04 ")
            .append(tag)
            .append(with_pid ? "[771]: " : ": ")
            .append(text);
        const bool sent =
            ::sendto(fd, line.data(), line.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                     sizeof address) == static_cast<ssize_t>(line.size());
        ::close(fd);
        return sent;
    }

    std::unique_ptr<Child> process_;
};

}  // namespace tests
