// SPDX-License-Identifier: Apache-2.0
// A real dbus-daemon on a private socket, which this process takes for the system bus, and a
// service on it that follows what systemd documents (tests/support/fake_systemd.py).
#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "unit/systemd/child.hpp"
#include "unit/temporary_directory.hpp"

namespace tests {

class FakeSystemd {
   public:
    FakeSystemd() {
        std::array<int, 2> in{};
        std::array<int, 2> out{};
        EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
        EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
        process_ = std::make_unique<Child>(
            std::vector<std::string>{"/usr/bin/python3", PEA_TEST_SUPPORT_DIR "/fake_systemd.py"},
            in[0], out[1]);
        ::close(in[0]);
        ::close(out[1]);
        to_ = in[1];
        from_ = out[0];
        EXPECT_EQ(read_line(), "ready");
    }
    FakeSystemd(const FakeSystemd&) = delete;
    FakeSystemd& operator=(const FakeSystemd&) = delete;
    ~FakeSystemd() {
        ::close(to_);
        ::close(from_);
    }

    /// Sends a line of fake_systemd.py; returns the answer.
    std::string send(std::string line) {
        line += '\n';
        EXPECT_EQ(::write(to_, line.data(), line.size()), static_cast<ssize_t>(line.size()));
        return read_line();
    }
    void hang() { process_->suspend(); }
    void thaw() { process_->signal(SIGCONT); }

   private:
    std::string read_line() const {
        std::string line;
        for (char c = 0; ::read(from_, &c, 1) == 1 && c != '\n';) {
            line += c;
        }
        return line;
    }

    std::unique_ptr<Child> process_;
    int to_ = -1;
    int from_ = -1;
};

class Bus {
   public:
    Bus() { ::setenv("DBUS_SYSTEM_BUS_ADDRESS", address_.c_str(), 1); }
    ~Bus() { ::unsetenv("DBUS_SYSTEM_BUS_ADDRESS"); }
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    void start() {
        std::filesystem::remove(socket_);
        daemon_ = std::make_unique<Child>(std::vector<std::string>{
            "dbus-daemon", "--nofork", "--nopidfile", "--address=" + address_,
            "--config-file=" PEA_TEST_SUPPORT_DIR "/private_bus.conf"});
        ASSERT_TRUE(eventually([this] { return std::filesystem::exists(socket_); }));
    }
    void stop() { daemon_->end(SIGKILL); }
    void hang() { daemon_->suspend(); }
    void thaw() { daemon_->signal(SIGCONT); }

   private:
    TemporaryDirectory directory_;
    std::string socket_ = directory_ / "bus";
    std::string address_ = "unix:path=" + socket_;
    std::unique_ptr<Child> daemon_;
};

}  // namespace tests
