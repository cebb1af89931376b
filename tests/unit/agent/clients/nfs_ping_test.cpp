// SPDX-License-Identifier: Apache-2.0
// Against tests/support/nfs_server.py, which was written from the standard and not from this
// program.
#include "agent/clients/nfs_ping.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using agent::FileServerClient;
using Answer = core::FileServerFacts::Answer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr core::Duration patience = 20s;  // where an answer is expected, on a busy machine
constexpr core::Duration short_deadline = 200ms;

class NfsServerProcess {
   public:
    explicit NfsServerProcess(const char* fault) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            throw std::runtime_error("socketpair");
        }
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::dup2(ends[1], STDIN_FILENO);
            ::dup2(ends[1], STDOUT_FILENO);
            ::execlp("python3", "python3", PEA_TEST_SUPPORT_DIR "/nfs_server.py", "--fault", fault,
                     nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        control_ = ends[0];
        port_ = std::stoi(line());  // throws if it did not start
    }
    NfsServerProcess(const NfsServerProcess&) = delete;
    NfsServerProcess& operator=(const NfsServerProcess&) = delete;
    ~NfsServerProcess() {
        ::close(control_);
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    [[nodiscard]] int port() const { return port_; }

    /// "<connections> <calls>", and what was wrong.
    [[nodiscard]] std::string report() const {
        if (::write(control_, "\n", 1) != 1) {
            throw std::runtime_error("write");
        }
        return line();
    }

   private:
    [[nodiscard]] std::string line() const {
        std::string text;
        for (char c = 0; ::read(control_, &c, 1) == 1 && c != '\n';) {
            text += c;
        }
        return text;
    }

    pid_t pid_ = -1;
    int control_ = -1;
    int port_ = 0;
};

core::MountEntry mount_of(const std::string& options, const char* fstype = "nfs4") {
    core::MountEntry mount;
    mount.mount_point = "/Mail";
    mount.fstype = fstype;
    mount.super_options = options;
    return mount;
}

std::string options_of(int port) {
    return "rw,vers=4.1,port=" + std::to_string(port) + ",clientaddr=127.0.0.1,addr=127.0.0.1";
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class Asking {
   public:
    Asking() : client_(context_.get_executor()) {}

    core::FileServerFacts ask(const std::string& options, core::Duration deadline = patience) {
        std::optional<core::FileServerFacts> result;
        const auto keep = [&result](const std::exception_ptr& thrown, core::FileServerFacts facts) {
            ASSERT_FALSE(thrown);
            result = std::move(facts);
        };
        // The entry is gone before the loop runs.
        asio::co_spawn(context_, client_.ask(mount_of(options), deadline), keep);
        context_.restart();
        context_.run();
        return std::move(result).value();
    }

   private:
    asio::io_context context_;
    FileServerClient client_;
};

core::FileServerFacts ask_server(const char* fault, core::Duration deadline = patience) {
    const NfsServerProcess server(fault);
    return Asking().ask(options_of(server.port()), deadline);
}

void expect_silent(const core::FileServerFacts& facts, const std::string& text) {
    EXPECT_EQ(facts.answer, Answer::silent);
    EXPECT_TRUE(facts.loopback);
    EXPECT_THAT(facts.error,
                AllOf(StartsWith(facts.address + ": "), HasSubstr(text), Not(HasSubstr("\n"))));
}

// A port of this host on which no process listens during the life of this object.
class ClosedPort {
   public:
    ClosedPort() : socket_(context_, {asio::ip::address_v4::loopback(), 0}) {}
    [[nodiscard]] int port() const { return socket_.local_endpoint().port(); }

   private:
    asio::io_context context_;
    asio::ip::tcp::socket socket_;  // bound, not listening
};

TEST(FileServerClientTest, AServerAnswersOneCallOnOneConnection) {
    const NfsServerProcess server("answers");
    const core::FileServerFacts facts = Asking().ask(options_of(server.port()));
    core::FileServerFacts wanted;
    wanted.answer = Answer::answers;
    wanted.address = "127.0.0.1:" + std::to_string(server.port());
    wanted.loopback = true;
    EXPECT_EQ(facts, wanted);
    EXPECT_EQ(server.report(), "1 1");  // and no trouble with what was sent
}

TEST(FileServerClientTest, AnyWellFormedReplyIsAnAnswer) {
    for (const char* fault :
         {"byte_by_byte", "prog_mismatch", "prog_unavail", "auth_error", "verifier"}) {
        const core::FileServerFacts facts = ask_server(fault);
        EXPECT_EQ(facts.answer, Answer::answers) << fault << ": " << facts.error;
        EXPECT_EQ(facts.error, "") << fault;
    }
}

TEST(FileServerClientTest, NoAnswerInTimeIsSilence) {
    for (const char* fault : {"silent", "half"}) {
        const auto began = std::chrono::steady_clock::now();
        expect_silent(ask_server(fault, short_deadline),
                      "read the answer to an NFS NULL call: no end within 200ms");
        EXPECT_GE(std::chrono::steady_clock::now() - began, short_deadline) << fault;
    }
}

TEST(FileServerClientTest, ABrokenConnectionIsSilence) {
    expect_silent(ask_server("closes"),
                  "read the answer to an NFS NULL call: the other end closed the connection");
    expect_silent(ask_server("closes_at_once"), "NFS NULL call: ");
    expect_silent(ask_server("resets"), "NFS NULL call: Connection reset by peer");
}

TEST(FileServerClientTest, WhatIsNoReplyIsSilenceAtOnce) {
    expect_silent(ask_server("garbage"), "no reply to it: a record that is too long");
    expect_silent(ask_server("wrong_xid"), "no reply to it: wrong xid");
    expect_silent(ask_server("call"), "no reply to it: a call instead of a reply");
    expect_silent(ask_server("huge_mark"), "no reply to it: a record that is too long");
    expect_silent(ask_server("endless_fragments"),
                  "no reply to it: a record of too many fragments");
}

TEST(FileServerClientTest, DistinguishesARefusedConnection) {
    const ClosedPort closed;
    const core::FileServerFacts facts = Asking().ask(options_of(closed.port()));
    EXPECT_EQ(facts.answer, Answer::refused);
    EXPECT_EQ(facts.error,
              "127.0.0.1:" + std::to_string(closed.port()) + ": connect: Connection refused");
}

TEST(FileServerClientTest, AServerThatDoesNotEvenAcceptIsSilent) {
    asio::io_context context;
    asio::ip::tcp::acceptor full(context, {asio::ip::address_v4::loopback(), 0});
    full.listen(0);
    asio::ip::tcp::socket first(context);
    asio::ip::tcp::socket second(context);
    first.connect(full.local_endpoint());
    second.async_connect(full.local_endpoint(),
                         [](const auto& /*never*/) {});  // the backlog takes no more
    context.poll();
    expect_silent(Asking().ask(options_of(full.local_endpoint().port()), short_deadline),
                  "connect: no end within 200ms");
}

TEST(FileServerClientTest, AMountThatNamesNoServerIsNotAsked) {
    for (const char* options :
         {"rw,size=64m", "rw,addr=server.example.com", "rw,addr=localhost,port=2049"}) {
        const core::FileServerFacts facts = Asking().ask(options);
        EXPECT_EQ(facts.answer, Answer::no_address) << options;
        EXPECT_EQ(facts.address, "");
        EXPECT_EQ(facts.error, "the mount's options name no server to ask");
    }
}

TEST(FileServerClientTest, AnIpv6AddressIsAskedAsItIs) {
    const core::FileServerFacts facts = Asking().ask("rw,port=1,addr=::ffff:127.0.0.1");
    EXPECT_EQ(facts.answer, Answer::refused) << facts.error;
    EXPECT_EQ(facts.address, "[::ffff:127.0.0.1]:1");
    EXPECT_TRUE(facts.loopback);
}

TEST(FileServerClientTest, DistinguishesANetworkWithoutARoute) {
    const pid_t child = ::fork();
    if (child == 0) {
        // In a new network namespace, which has no route.
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
            ::_exit(2);
        }
        const core::FileServerFacts facts = Asking().ask("rw,addr=192.0.2.1");
        const bool right = facts.answer == Answer::unreachable &&
                           facts.error == "192.0.2.1:2049: connect: Network is unreachable" &&
                           !facts.loopback;
        ::_exit(right ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WEXITSTATUS(status) == 2) {
        GTEST_SKIP() << "no network namespace may be made here";
    }
    EXPECT_EQ(status, 0);
}

TEST(FileServerClientTest, WithoutADescriptorNothingIsSaidOfTheServer) {
    const ClosedPort closed;
    Asking asking;
    EXPECT_EQ(asking.ask(options_of(closed.port())).answer,
              Answer::refused);  // the loop has its own descriptors now
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const core::FileServerFacts facts = asking.ask("rw,addr=127.0.0.1");
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(facts.answer, Answer::not_asked);
    EXPECT_EQ(facts.error, "127.0.0.1:2049: connect: Too many open files");
}

TEST(FileServerClientTest, LeavesNoSocketBehindHoweverItEnds) {
    Asking asking;
    const ClosedPort closed;
    const NfsServerProcess good("answers");
    const NfsServerProcess silent("silent");
    const NfsServerProcess garbage("garbage");
    asking.ask(options_of(closed.port()));  // the loop has its own descriptors now
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(asking.ask(options_of(good.port())).answer, Answer::answers);
        EXPECT_EQ(asking.ask(options_of(closed.port())).answer, Answer::refused);
        EXPECT_EQ(asking.ask(options_of(garbage.port())).answer, Answer::silent);
        EXPECT_EQ(asking.ask(options_of(silent.port()), 10ms).answer, Answer::silent);
    }
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(good.report(),
              "20 20");  // every call of another xid, and every connection closed in order
}

TEST(FileServerClientTest, LeavesNoSocketBehindWhenTheLoopEndsInItsMiddle) {
    const NfsServerProcess silent("silent");
    const std::size_t before = open_descriptors();
    {
        asio::io_context context;
        FileServerClient client(context.get_executor());
        asio::co_spawn(
            context, client.ask(mount_of(options_of(silent.port())), patience),
            [](const std::exception_ptr& /*never*/, const core::FileServerFacts& /*never*/) {});
        context.run_for(50ms);
        EXPECT_GT(open_descriptors(), before);
    }
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
