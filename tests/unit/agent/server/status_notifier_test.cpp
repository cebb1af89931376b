// SPDX-License-Identifier: Apache-2.0
// Each change is reported once, to each destination that needs it.
#include "agent/server/status_notifier.hpp"

#include "agent/ipc/control.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace agent {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

core::Verdict healthy() {
    core::Verdict verdict;
    verdict.phase = core::Phase::serving;
    verdict.health = verdict.ready = core::Status::pass;
    verdict.instance_id = "i-0123456789abcdef0";
    verdict.at.wall = core::WallTime(1'700'000'000'000ms);
    for (std::size_t i = 0; i < core::check_count; ++i) {
        verdict.checks[i].check = static_cast<core::Check>(i);
        verdict.checks[i].status = core::Status::pass;
    }
    return verdict;
}

core::Verdict failing(core::Check check, core::Reason reason, const std::string& output) {
    core::Verdict verdict = healthy();
    verdict.health = verdict.ready = core::Status::fail;
    core::Finding& finding = verdict.checks[static_cast<std::size_t>(check)];
    finding.status = core::Status::fail;
    finding.reason = reason;
    finding.output = output;
    verdict.output =
        std::string(to_string(check)) + " " + std::string(to_string(reason)) + ": " + output;
    return verdict;
}

/// A silent file server, and beside it a lesser warning that comes before it in rank.
core::Verdict excused(core::MountFault fault) {
    core::Verdict verdict = failing(core::Check::master_pid, core::Reason::stale, "no master");
    verdict.health = core::Status::warn;
    verdict.mount_fault = fault;
    core::Finding& master = verdict.checks[static_cast<std::size_t>(core::Check::master_pid)];
    master.status = core::Status::warn;
    master.excuse = core::Excuse::shared_fault;
    core::Finding& twin = verdict.checks[static_cast<std::size_t>(core::Check::ownership)];
    twin.status = core::Status::warn;
    twin.reason = core::Reason::identity_shared;
    verdict.output = "ownership identity_shared: a twin";
    verdict.ready_output = "master_pid stale: no master";
    return verdict;
}

core::Verdict hung(const std::string& output = "/Mail: no answer for 3 s") {
    return failing(core::Check::mount, core::Reason::hung, output);
}

/// The other ends of everything the announcer speaks to.
class StatusNotifierTest : public ::testing::Test {
   protected:
    void SetUp() override {
        auto channel = make_channel();
        ASSERT_TRUE(channel);
        control = std::move(channel->first);
        supervisor = std::move(channel->second);
        ::fcntl(supervisor.get(), F_SETFL, O_NONBLOCK);
    }

    StatusNotifier make(bool journal_there = true) {
        LogSinks log_sinks;
        if (journal_there) {
            log_sinks.journal = pair(SOCK_DGRAM, journal);
        }
        log_sinks.console = pair(SOCK_STREAM, console);
        StatusNotifier made(control.get(), std::move(log_sinks));
        made.round_ended();
        return made;
    }

    static FileDescriptor pair(int type, FileDescriptor& other_end) {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        other_end = FileDescriptor(ends[1]);
        return FileDescriptor(ends[0]);
    }

    static std::vector<std::string> received(const FileDescriptor& from) {
        std::vector<std::string> all;
        std::array<char, 8192> bytes{};
        for (ssize_t got = 0; (got = ::recv(from.get(), bytes.data(), bytes.size(), 0)) > 0;) {
            all.emplace_back(bytes.data(), static_cast<std::size_t>(got));
        }
        return all;
    }

    FileDescriptor control;
    FileDescriptor supervisor;
    FileDescriptor journal;
    FileDescriptor console;
};

TEST_F(StatusNotifierTest, PutsEveryFieldOfAChangeIntoTheJournalAndNothingToStandardError) {
    StatusNotifier notifier = make();
    ::testing::internal::CaptureStderr();
    notifier.announce(hung());
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    EXPECT_THAT(
        received(journal),
        ElementsAre("MESSAGE=health fail, ready fail, serving: mount hung: /Mail: no answer "
                    "for 3 s\n"
                    "MESSAGE_ID=a8e0b3e70fcc57dcaf2eae8c444b3ad3\n"
                    "PRIORITY=3\n"
                    "SYSLOG_IDENTIFIER=postfix-elb-agent\n"
                    "SYSLOG_FACILITY=3\n"
                    "POSTFIX_ELB_AGENT_HEALTH=fail\n"
                    "POSTFIX_ELB_AGENT_READY=fail\n"
                    "POSTFIX_ELB_AGENT_PHASE=serving\n"
                    "POSTFIX_ELB_AGENT_CHECK=mount\n"
                    "POSTFIX_ELB_AGENT_REASON=hung\n"
                    "POSTFIX_ELB_AGENT_ATTRIBUTION=\n"
                    "POSTFIX_ELB_AGENT_EXCUSE=\n"
                    "POSTFIX_ELB_AGENT_INSTANCE_ID=i-0123456789abcdef0\n"));
}

TEST_F(StatusNotifierTest, NamesNoCheckWhenAllPass) {
    StatusNotifier notifier = make();
    notifier.announce(healthy());
    const auto entries = received(journal);
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_THAT(entries[0], HasSubstr("PRIORITY=5\n"));
    EXPECT_THAT(entries[0], HasSubstr("POSTFIX_ELB_AGENT_CHECK=\nPOSTFIX_ELB_AGENT_REASON=\n"));
}

TEST_F(StatusNotifierTest, SaysWhatReadinessFailsForAndWhyThatIsExcused) {
    StatusNotifier notifier = make();
    notifier.announce(excused(core::MountFault::shared));
    const auto entries = received(journal);
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_THAT(
        entries[0],
        HasSubstr("MESSAGE=health warn, ready fail, serving: master_pid stale: no master\n"));
    EXPECT_THAT(entries[0], HasSubstr("PRIORITY=4\n"));
    EXPECT_THAT(entries[0], HasSubstr("_CHECK=master_pid\nPOSTFIX_ELB_AGENT_REASON=stale\n"));
    EXPECT_THAT(entries[0],
                HasSubstr("_ATTRIBUTION=shared\nPOSTFIX_ELB_AGENT_EXCUSE=shared_fault\n"));
    EXPECT_THAT(received(console),
                ElementsAre(HasSubstr(": health warn: master_pid stale: no master\r\n")));
}

TEST_F(StatusNotifierTest, SaysThatTheFaultIsNowKnownToBeShared) {
    StatusNotifier notifier = make();
    notifier.announce(excused(core::MountFault::unknown));
    core::Verdict shared = excused(core::MountFault::shared);
    shared.ready_output += "; the file server is silent, too";
    notifier.announce(shared);
    EXPECT_EQ(received(journal).size(), 2U);
}

TEST_F(StatusNotifierTest, AFailureIsAnErrorOnlyOfAHostThatWasInUse) {
    StatusNotifier notifier = make();
    core::Verdict starting = hung();
    starting.phase = core::Phase::relinking;
    notifier.announce(starting);
    notifier.announce(hung());
    core::Verdict draining = healthy();
    draining.phase = core::Phase::draining;
    draining.ready = core::Status::fail;
    draining.ready_output = "no new mail is wanted here: draining";
    notifier.announce(draining);
    EXPECT_THAT(received(journal),
                ElementsAre(HasSubstr("PRIORITY=4\n"), HasSubstr("PRIORITY=3\n"),
                            ::testing::AllOf(HasSubstr("PRIORITY=5\n"),
                                             HasSubstr("no new mail is wanted here: draining\n"))));
}

TEST_F(StatusNotifierTest, DoesNotReportACheckThatHasNotRunYet) {
    LogSinks log_sinks;
    log_sinks.journal = pair(SOCK_DGRAM, journal);
    log_sinks.console = pair(SOCK_STREAM, console);
    StatusNotifier notifier(control.get(), std::move(log_sinks));
    notifier.announce(
        failing(core::Check::mount, core::Reason::missing, "/Mail was not looked at yet"));
    EXPECT_THAT(received(journal), ElementsAre());
    EXPECT_THAT(received(console), ElementsAre());
    const auto first = receive_control(supervisor.get());
    ASSERT_TRUE(first);
    EXPECT_EQ(first->kind, ControlKind::ready) << "the relink passes";
    EXPECT_FALSE(receive_control(supervisor.get()));
    notifier.round_ended();
    notifier.announce(hung());
    EXPECT_EQ(received(journal).size(), 1U);
    EXPECT_EQ(received(console).size(), 1U);
}

TEST_F(StatusNotifierTest, NotifiesTheSupervisorThatPostfixMayStart) {
    const StatusNotifier notifier = make();
    ASSERT_EQ(receive_control(supervisor.get())->kind, ControlKind::alive);
    notifier.postfix_may_start();
    const auto message = receive_control(supervisor.get());
    ASSERT_TRUE(message);
    EXPECT_EQ(message->kind, ControlKind::postfix_may_start);
    EXPECT_EQ(message->text, "");
}

TEST_F(StatusNotifierTest, SaysAChangeOnceAndNotItsAges) {
    StatusNotifier notifier = make();
    notifier.announce(hung("no answer for 3 s"));
    notifier.announce(hung("no answer for 4 s"));
    EXPECT_EQ(received(journal).size(), 1U);
    EXPECT_EQ(received(console).size(), 1U);
    notifier.announce(healthy());
    EXPECT_EQ(received(journal).size(), 1U);
    EXPECT_EQ(received(console).size(), 1U);
}

TEST_F(StatusNotifierTest, WritesThePlainLineWhereThereIsNoJournal) {
    StatusNotifier notifier = make(false);
    ::testing::internal::CaptureStderr();
    notifier.announce(healthy());
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "postfix-elb-agent: health pass, ready pass, serving\n");
}

TEST_F(StatusNotifierTest, WritesThePlainLineWhenTheJournalIsGone) {
    StatusNotifier notifier = make();
    journal.reset();
    ::testing::internal::CaptureStderr();
    notifier.announce(healthy());
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "postfix-elb-agent: health pass, ready pass, serving\n");
}

TEST_F(StatusNotifierTest, WritesALineThatATerminalShowsToTheConsole) {
    StatusNotifier notifier = make();
    notifier.announce(hung("/Mail\n: \x1b[2Jno answer"));
    notifier.announce(healthy());
    EXPECT_THAT(
        received(console),
        ElementsAre(
            "2023-11-14T22:13:20.000Z postfix-elb-agent on i-0123456789abcdef0: health fail: mount "
            "hung: /Mail?: ?[2Jno answer\r\n"
            "2023-11-14T22:13:20.000Z postfix-elb-agent on i-0123456789abcdef0: health pass\r\n"));
}

TEST_F(StatusNotifierTest, ReportsANewReasonButNotANewPhaseToTheConsole) {
    StatusNotifier notifier = make();
    notifier.announce(hung());
    core::Verdict draining = hung();
    draining.phase = core::Phase::draining;
    notifier.announce(draining);
    notifier.announce(failing(core::Check::mount, core::Reason::missing, "/Mail: not mounted"));
    EXPECT_EQ(received(journal).size(), 3U);
    const auto lines = received(console);
    ASSERT_EQ(lines.size(), 1U) << "a stream";
    EXPECT_EQ(std::count(lines[0].begin(), lines[0].end(), '\n'), 2);
}

TEST_F(StatusNotifierTest, NeverWaitsForAConsoleThatTakesNothing) {
    StatusNotifier notifier = make();
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 5000; ++i) {
        notifier.announce(i % 2 == 0 ? hung(std::string(300, 'x')) : healthy());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST_F(StatusNotifierTest, SaysReadyOnce) {
    StatusNotifier notifier = make();
    notifier.announce(healthy());
    notifier.announce(healthy());
    std::vector<ControlKind> kinds;
    while (auto message = receive_control(supervisor.get())) {
        kinds.push_back(message->kind);
    }
    EXPECT_THAT(kinds, ElementsAre(ControlKind::alive, ControlKind::ready, ControlKind::status));
}

}  // namespace
}  // namespace agent
