// SPDX-License-Identifier: Apache-2.0
// The test metadata service (imds.py) as a child of the test.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace test {

class ImdsProcess {
   public:
    static constexpr const char* instance_id = "i-0123456789abcdef0";

    /// `faults`: words as imds.py --help lists them.
    explicit ImdsProcess(std::string_view faults = {}) {
        start();
        set_faults(faults);
    }
    ImdsProcess(const ImdsProcess&) = delete;
    ImdsProcess& operator=(const ImdsProcess&) = delete;
    ~ImdsProcess() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    [[nodiscard]] boost::asio::ip::tcp::endpoint endpoint() const { return on_loopback(port_); }

    /// These faults and no others from now on; forgets the requests.
    void set_faults(std::string_view faults) {
        const std::string answer = control("PUT /faults", faults);
        if (answer.find(" 200 ") == std::string::npos) {
            throw std::runtime_error(answer);
        }
    }

    /// "METHOD PATH STATUS" a line.
    [[nodiscard]] std::string requests() {
        const std::string answer = control("GET /requests", {});
        return answer.substr(answer.find("\r\n\r\n") + 4);
    }

   private:
    static boost::asio::ip::tcp::endpoint on_loopback(std::uint16_t port) {
        return {boost::asio::ip::address_v4::loopback(), port};
    }

    void start() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error("pipe2");
        }
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::dup2(ends[1], STDOUT_FILENO);
            ::execlp("python3", "python3", PEA_TEST_SUPPORT_DIR "/imds.py", "--instance-id",
                     instance_id, nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        port_ = read_port(ends[0]);
        control_port_ = read_port(ends[0]);
        ::close(ends[0]);
    }

    static std::uint16_t read_port(int from) {
        std::string line;
        for (char c = 0; ::read(from, &c, 1) == 1 && c != '\n';) {
            line += c;
        }
        return static_cast<std::uint16_t>(std::stoul(line));  // throws if imds.py did not start
    }

    std::string control(std::string_view what, std::string_view body) const {
        boost::asio::io_context context;
        boost::asio::ip::tcp::socket socket(context);
        socket.connect(on_loopback(control_port_));
        std::string request(what);
        request.append(" HTTP/1.0\r\nContent-Length: ")
            .append(std::to_string(body.size()))
            .append("\r\n\r\n");
        request.append(body);
        boost::asio::write(socket, boost::asio::buffer(request));
        std::string answer;
        boost::system::error_code end_of_file;
        boost::asio::read(socket, boost::asio::dynamic_buffer(answer), end_of_file);
        return answer;
    }

    pid_t pid_ = -1;
    std::uint16_t port_ = 0;
    std::uint16_t control_port_ = 0;
};

}  // namespace test
