// SPDX-License-Identifier: Apache-2.0
// The events and the replies of the worker, with a real journald and a real bus.
#include "agent/worker/systemd_worker.hpp"

#include "agent/ipc/journal_position.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "unit/systemd/bus.hpp"
#include "unit/systemd/journald.hpp"

namespace agent {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr const char* already = "fatal: the Postfix mail system is already running";

class SystemdWorkerTest : public ::testing::Test {
   protected:
    void SetUp() override {
        if (!tests::Journald::furnish()) {
            GTEST_SKIP() << "needs root, and mounts of its own";
        }
        worker_ = make(core::MaillogSource::automatic);
    }

    static std::unique_ptr<SystemdWorker> make(core::MaillogSource source) {
        return std::make_unique<SystemdWorker>(with(source),
                                               systemd::UnitsLimits{.first_retry = 20ms},
                                               systemd::JournalLimits{.first_retry = 20ms});
    }
    static core::Settings with(core::MaillogSource source) {
        core::Settings settings;
        settings.maillog.source = source;
        return settings;
    }

    /// One turn of the worker's loop (agent/worker/worker.cpp).
    WorkerEvents turn(int at_most_ms) {
        Watch watch = worker_->watch();
        const int timeout =
            watch.timeout_ms < 0 ? at_most_ms : std::min(watch.timeout_ms, at_most_ms);
        ::poll(watch.descriptors.data(), watch.descriptors.size(), timeout);
        return worker_->on_watch(watch.descriptors);
    }
    bool until_notified(WorkerEvents wanted) {
        return tests::eventually([&] { return (turn(100) & wanted) != 0; });
    }
    WorkerEvents events_during(std::chrono::milliseconds span) {
        WorkerEvents events = 0;
        for (const auto end = std::chrono::steady_clock::now() + span;
             std::chrono::steady_clock::now() < end;) {
            events |= turn(10);
        }
        return events;
    }

    template <class T>
    T ask(Operation operation) {
        Request request;
        request.operation = operation;
        const auto reply = worker_->handle(request);
        EXPECT_TRUE(reply);
        auto decoded = decode<T>(reply->bytes);
        EXPECT_TRUE(decoded);
        EXPECT_LT(reply->bytes.size(), 60 * 1024u);
        return std::move(*decoded);
    }
    /// After the last read of the same kind.
    JournalRead read_journal() { return read_after(journal_position(position_)); }
    JournalRead read_all_lines() {
        JournalPosition position = journal_position(position_);
        position.lines = position.lines.value_or("");
        return read_after(position);
    }
    JournalRead read_after(const JournalPosition& position) {
        const std::string text = to_text(position);
        Request request;
        request.operation = Operation::read_journal;
        request.text_length = text.size();
        std::copy(text.begin(), text.end(), request.text.begin());
        const auto reply = worker_->handle(request);
        EXPECT_LT(reply->bytes.size(), 60 * 1024u);
        JournalRead read = decode<JournalRead>(reply->bytes).value();
        position_ = read.position;
        return read;
    }
    core::SystemdFacts observe() { return ask<core::SystemdFacts>(Operation::observe_systemd); }

    tests::Journald journald_;
    tests::Bus bus_;
    std::unique_ptr<SystemdWorker> worker_;
    std::string position_;
};

TEST_F(SystemdWorkerTest, RefusesWhatIsOfAnotherWorker) {
    Request request;
    request.operation = Operation::probe_mount;
    const auto reply = worker_->handle(request);
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().message, "not an operation of the systemd worker");
}

TEST_F(SystemdWorkerTest, NotifiesOnceUntilTheJournalIsRead) {
    journald_.start();
    ASSERT_TRUE(until_notified(worker_event::journal));
    const JournalRead first = read_journal();
    EXPECT_EQ(first.state, JournalRead::State::reading);
    journald_.log("postfix/postfix-script", already);
    ASSERT_TRUE(until_notified(worker_event::journal));
    journald_.log("postfix/postfix-script", already);
    tests::Journald::control("--sync");
    EXPECT_EQ(events_during(500ms), 0u);
    EXPECT_THAT(read_journal().starts, ElementsAre(EndsWith(already)));
    ASSERT_TRUE(until_notified(worker_event::journal));
    EXPECT_THAT(read_journal().starts, ElementsAre(EndsWith(already)));
}

TEST_F(SystemdWorkerTest, DoesNotOpenTheJournalWhereTheFileAloneIsWanted) {
    journald_.start();
    journald_.log("postfix/postfix-script", already);
    worker_ = make(core::MaillogSource::file);
    EXPECT_THAT(worker_->watch().descriptors, SizeIs(1));
    const JournalRead unwanted = read_journal();
    EXPECT_EQ(unwanted.state, JournalRead::State::absent);
    EXPECT_THAT(unwanted.starts, IsEmpty());
    worker_->apply(with(core::MaillogSource::journal));
    ASSERT_TRUE(until_notified(worker_event::journal));
    EXPECT_TRUE(tests::eventually([&] { return read_journal().starts.size() == 1; }));
    worker_->apply(with(core::MaillogSource::file));
    EXPECT_EQ(read_journal().state, JournalRead::State::absent);
}

TEST_F(SystemdWorkerTest, ReportsAllLinesOfPostfixOnceTheyWereRequested) {
    journald_.start();
    journald_.log("postfix/smtpd", "connect from x");
    JournalRead read;
    ASSERT_TRUE(tests::eventually([&] {
        read = read_all_lines();
        return !read.lines.empty();
    }));
    EXPECT_THAT(read.lines, ElementsAre(EndsWith("connect from x")));
    events_during(300ms);
    read_all_lines();
    journald_.log("postfix/smtpd", "connect from y");
    ASSERT_TRUE(until_notified(worker_event::journal));
    EXPECT_EQ(events_during(300ms), 0u);
    EXPECT_THAT(read_all_lines().lines, ElementsAre(EndsWith("connect from y")));
    worker_->apply(with(core::MaillogSource::file));
    EXPECT_EQ(read_all_lines().state, JournalRead::State::absent);
}

TEST_F(SystemdWorkerTest, KeepsOneJournalOpenForStartsAndLines) {
    const auto open_files = [] {
        const std::filesystem::directory_iterator files("/proc/self/fd");
        return std::distance(begin(files), end(files));
    };
    journald_.start();
    ASSERT_TRUE(until_notified(worker_event::journal));
    read_journal();
    const auto before = open_files();
    ASSERT_TRUE(tests::eventually([&] {
        journald_.log("postfix/smtpd", "connect from x");
        return !read_all_lines().lines.empty();
    }));
    EXPECT_EQ(open_files(), before);
    read_after({journal_position(position_).starts, std::nullopt});
    EXPECT_EQ(open_files(), before);
}

TEST_F(SystemdWorkerTest, NotifiesOnceUntilTheUnitsAreRead) {
    EXPECT_FALSE(observe().reachable);
    bus_.start();
    tests::FakeSystemd systemd;
    systemd.send("unit postfix.service loaded active running forking");
    ASSERT_TRUE(until_notified(worker_event::units));
    ASSERT_TRUE(tests::eventually([&] {
        events_during(10ms);
        return observe().units.size() == 1;
    }));
    systemd.send("unit postfix.service loaded deactivating stop forking");
    ASSERT_TRUE(until_notified(worker_event::units));
    systemd.send("unit postfix.service loaded inactive dead forking");
    EXPECT_EQ(events_during(300ms), 0u);
    EXPECT_THAT(observe().units, ElementsAre(core::UnitFacts{"postfix.service", "loaded",
                                                             "inactive", "dead", "", true}));
    EXPECT_EQ(events_during(300ms), 0u);
}

}  // namespace
}  // namespace agent
