// SPDX-License-Identifier: Apache-2.0
// The host worker as its server sees it: requests and replies, and what it says unasked.
#include "agent/worker/host_worker.hpp"

#include "agent/clients/worker_client.hpp"
#include "agent/ipc/channel.hpp"
#include "agent/ipc/codec.hpp"
#include "agent/worker/worker.hpp"

#include <gtest/gtest.h>

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "unit/agent/pretended_master.hpp"
#include "unit/agent/relink_support.hpp"
#include "unit/temporary_directory.hpp"

namespace agent {
namespace {

using namespace std::chrono_literals;
using testing::Lock;
using testing::Master;
using tests::write_file;
namespace fs = std::filesystem;

class HostWorkerTest : public ::testing::Test {
   protected:
    HostWorkerTest() {
        settings.mount.path = directory / "Mail";
        settings.queue.link = directory / "queue_link";
    }

    template <class T>
    T ask(HostWorker& worker, const Request& request) {
        auto reply = worker.handle(request);
        EXPECT_TRUE(reply) << reply.error().message;
        return decode<T>(reply->bytes).value();
    }

    tests::TemporaryDirectory directory;
    std::string main_cf = directory / "main.cf";
    core::Settings settings;
};

TEST_F(HostWorkerTest, FindsTheHolderOfThePidFileLockWithoutAccessToTheMount) {
    const testing::PrivateMount mount(settings.mount.path);
    const FileDescriptor file(
        ::open((settings.mount.path + "/master.pid").c_str(), O_RDWR | O_CREAT, 0600));
    ASSERT_EQ(::flock(file.get(), LOCK_EX), 0);
    struct stat status {};
    ASSERT_EQ(::fstat(file.get(), &status), 0);
    HostWorker worker(settings, MainCfFile(main_cf));

    Request request = make_request(Operation::observe_host);
    EXPECT_TRUE(ask<core::HostFacts>(worker, request).lock_holders.empty())
        << "no pid file was named";
    request.inode = status.st_ino;
    const auto facts = ask<core::HostFacts>(worker, request);
    ASSERT_EQ(facts.lock_holders.size(), 1U);
    EXPECT_EQ(facts.lock_holders[0].pid, ::getpid());
    EXPECT_EQ(facts.lock_holders[0].exe, fs::read_symlink("/proc/self/exe"));
    request.inode += 1;
    EXPECT_TRUE(ask<core::HostFacts>(worker, request).lock_holders.empty());
}

TEST_F(HostWorkerTest, PostfixsOwnLogIsTheOneThatMainCfNames) {
    HostWorker worker(settings, MainCfFile(main_cf));
    write_file(main_cf, "maillog_file = " + (directory / "postfix.log") + "\n");
    const Request request = make_request(Operation::open_maillog);
    auto opened = ask<MaillogOpened>(worker, request);
    EXPECT_EQ(opened.state, MaillogOpened::State::missing);
    EXPECT_EQ(opened.path, directory / "postfix.log");
    write_file(directory / "postfix.log", "x\n");
    opened = ask<MaillogOpened>(worker, request);
    EXPECT_EQ(opened.state, MaillogOpened::State::opened);
    EXPECT_EQ(opened.path, directory / "postfix.log");
}

TEST_F(HostWorkerTest, WhereTheJournalIsTheSourceItIsAskedForNoFile) {
    write_file(main_cf, "maillog_file = " + (directory / "postfix.log") + "\n");
    write_file(directory / "postfix.log", "x\n");
    settings.maillog.source = core::MaillogSource::journal;
    HostWorker worker(settings, MainCfFile(main_cf));
    for (const Operation operation : {Operation::open_maillog, Operation::open_old_maillog}) {
        const auto opened = ask<MaillogOpened>(worker, make_request(operation));
        EXPECT_EQ(opened.state, MaillogOpened::State::missing);
        EXPECT_EQ(opened.path, "");
    }
}

TEST_F(HostWorkerTest, AnOperationOfAnotherWorkerIsRefused) {
    HostWorker worker(settings, MainCfFile(main_cf));
    const auto reply = worker.handle(make_request(Operation::probe_mount));
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().message, "not an operation of the host worker");
}

/// The whole process, with its channel.
TEST_F(HostWorkerTest, ReportsTheProgressOfCloudInit) {
    fs::create_directory(directory / "cloud-init");
    HostWorker worker(settings, MainCfFile(main_cf), directory / "cloud-init");
    const auto user_data = [&] {
        return ask<core::HostFacts>(worker, make_request(Operation::observe_host)).user_data;
    };
    EXPECT_EQ(user_data(), core::UserData::not_expected);
    write_file(directory / "cloud-init/enabled", "");
    EXPECT_EQ(user_data(), core::UserData::running);
    write_file(directory / "cloud-init/result.json", "{}");
    EXPECT_EQ(user_data(), core::UserData::done);
}

class HostWorkerProcess : public HostWorkerTest {
   protected:
    void start() {
        auto started = start_worker(WorkerKind::host, settings, Account{});
        ASSERT_TRUE(started) << started.error().message;
        worker = std::move(*started);
    }
    void TearDown() override {
        if (worker.pid > 0) {
            worker.control.reset();
            EXPECT_EQ(::waitpid(worker.pid, nullptr, 0), worker.pid);
        }
    }
    Frame ask(Operation operation) {
        Request request = make_request(operation);
        request.sequence = ++sequence;
        EXPECT_TRUE(send_message(worker.channel.get(), encode_request(request)));
        for (;;) {
            Frame frame = next_frame(10s);
            if (frame.events == 0 || HasFailure()) {
                return frame;
            }
        }
    }
    Frame next_frame(std::chrono::milliseconds within) {
        pollfd waited{worker.channel.get(), POLLIN, 0};
        if (::poll(&waited, 1, static_cast<int>(within.count())) != 1) {
            ADD_FAILURE() << "the worker said nothing";
            return {};
        }
        const auto message = receive_message(worker.channel.get());
        auto frame = parse_frame(message->bytes);
        EXPECT_TRUE(frame);
        return frame ? std::move(*frame) : Frame{};
    }

    WorkerProcess worker;
    std::uint32_t sequence = 0;
};

TEST_F(HostWorkerProcess, SaysUnaskedThatMasterEndedAndOnlyOnceUntilItIsAsked) {
    const Master master(directory, Lock::taken);
    start();
    ASSERT_TRUE(ask(Operation::observe_host).reply);
    ASSERT_TRUE(ask(Operation::observe_host).reply);  // what a first look finds new is said by now
    const auto killed = std::chrono::steady_clock::now();
    master.kill();
    const Frame frame = next_frame(10s);
    const std::chrono::duration<double, std::micro> took =
        std::chrono::steady_clock::now() - killed;
    EXPECT_EQ(frame.events, worker_event::master);
    EXPECT_EQ(frame.sequence, 0U);
    RecordProperty("microseconds_from_kill_to_event", std::to_string(took.count()));

    fs::create_symlink("/Mail/i-1", settings.queue.link);
    EXPECT_EQ(next_frame(10s).events, worker_event::link) << "another kind is still notified";
    fs::remove(settings.queue.link);
    ASSERT_TRUE(ask(Operation::read_identity).reply)
        << "and nothing was notified before this reply";
}

TEST_F(HostWorkerProcess, SaysUnaskedThatTheLogWasWrittenTo) {
    settings.maillog.path = directory / "mail.log";
    write_file(settings.maillog.path, "1\n");
    start();
    ASSERT_TRUE(ask(Operation::open_maillog).reply);
    tests::append_file(settings.maillog.path, "2\n");
    EXPECT_EQ(next_frame(10s).events, worker_event::maillog);
}

}  // namespace
}  // namespace agent
