// SPDX-License-Identifier: Apache-2.0
// When last words are written, and what they say. The mount worker is played by the test.
#include "agent/server/last_words.hpp"

#include "agent/base/clock.hpp"
#include "agent/ipc/channel.hpp"
#include "agent/ipc/frame.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>

#include <chrono>
#include <optional>
#include <string>

namespace agent {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

core::Verdict verdict_at(core::TimePoint at) {
    core::Verdict verdict;
    verdict.phase = core::Phase::serving;
    verdict.health = core::Status::pass;
    verdict.instance_id = "i-0123456789abcdef0";
    verdict.at = at;
    for (std::size_t i = 0; i < core::check_count; ++i) {
        verdict.checks[i].check = static_cast<core::Check>(i);
        verdict.checks[i].status = core::Status::pass;
    }
    return verdict;
}

core::Verdict failing_at(core::TimePoint at, core::Reason reason, const std::string& output) {
    core::Verdict verdict = verdict_at(at);
    verdict.health = core::Status::fail;
    core::Finding& finding = verdict.checks[0];
    finding.status = core::Status::fail;
    finding.reason = reason;
    finding.output = output;
    verdict.output = "mount " + std::string(to_string(reason)) + ": " + output;
    return verdict;
}

class LastWordsTest : public ::testing::Test {
   protected:
    LastWordsTest() {
        auto ends = make_channel();
        EXPECT_TRUE(ends);
        worker = std::move(ends->second);
        ::fcntl(worker.get(), F_SETFL, O_NONBLOCK);
        client.connect(std::move(ends->first));
        settings.mount.deadline = 50ms;
    }

    void pass() { words.note(verdict_at(now())); }
    void fail(core::Reason reason = core::Reason::hung,
              const std::string& output = "/Mail: no answer") {
        words.note(failing_at(now(), reason, output));
    }

    /// Ends a round. Returns the text that the worker is asked to write, if any. The worker answers
    /// if `worker_answers`.
    std::optional<json> round(bool answers = true, bool worker_answers = true) {
        bool done = false;
        boost::asio::co_spawn(io, words.write_if_due(client, settings, answers),
                              [&done](const std::exception_ptr&) { done = true; });
        std::optional<json> asked;
        while (!done) {
            io.restart();
            io.run_one_for(10ms);
            if (auto message = receive_message(worker.get()); message && !message->bytes.empty()) {
                const auto request = decode_request(message->bytes);
                EXPECT_TRUE(request) << request.error().message;
                EXPECT_EQ(request->operation, Operation::write_last_words);
                EXPECT_EQ(request->instance_id(), "i-0123456789abcdef0");
                asked = json::parse(request->text_view());
                if (worker_answers) {
                    EXPECT_TRUE(send_message(worker.get(),
                                             frame_reply(request->sequence, encode(Nothing{}))));
                } else {
                    EXPECT_TRUE(
                        send_message(worker.get(), frame_error(request->sequence, "disk full")));
                }
            }
        }
        return asked;
    }

    boost::asio::io_context io;
    WorkerClient client{io, WorkerKind::mount};
    FileDescriptor worker;
    core::Settings settings;
    LastWords words;
};

TEST_F(LastWordsTest, AreWrittenWhenHealthFailsAndOnceMoreWhenItRecovers) {
    pass();
    EXPECT_FALSE(round());
    fail();
    const auto written = round();
    ASSERT_TRUE(written);
    EXPECT_EQ((*written)["status"], "fail");
    EXPECT_EQ((*written)["output"], "mount hung: /Mail: no answer");
    EXPECT_FALSE(round()) << "once";
    fail(core::Reason::hung, "/Mail: no answer for 9 s");
    EXPECT_FALSE(round()) << "nothing new but an age";
    pass();
    const auto recovered = round();
    ASSERT_TRUE(recovered);
    EXPECT_EQ((*recovered)["status"], "recovered");
    EXPECT_TRUE(recovered->contains("recovered"));
    EXPECT_EQ((*recovered)["output"], "mount hung: /Mail: no answer")
        << "the failure stays readable";
    pass();
    EXPECT_FALSE(round());
}

TEST_F(LastWordsTest, AreWrittenAgainForAnotherReasonAndSayWithWhatItBegan) {
    pass();
    fail();
    ASSERT_TRUE(round());
    fail(core::Reason::missing, "/Mail: not mounted");
    const auto written = round();
    ASSERT_TRUE(written);
    EXPECT_EQ((*written)["output"], "mount missing: /Mail: not mounted");
    EXPECT_EQ((*written)["beganWith"], "mount hung: /Mail: no answer");
}

TEST_F(LastWordsTest, SayWhoseFaultItWas) {
    pass();
    core::Verdict verdict = failing_at(now(), core::Reason::hung, "/Mail: no answer");
    verdict.mount_fault = core::MountFault::instance;
    words.note(verdict);
    const auto written = round();
    ASSERT_TRUE(written);
    EXPECT_EQ((*written)["attribution"], "instance");
}

TEST_F(LastWordsTest, WaitUntilTheMountAnswers) {
    pass();
    fail();
    EXPECT_FALSE(round(false));
    EXPECT_TRUE(round(true));
}

TEST_F(LastWordsTest, OfAFailureThatPassedBeforeItCouldBeWrittenSayThatItIsOver) {
    pass();
    fail();
    EXPECT_FALSE(round(false));
    pass();
    const auto written = round();
    ASSERT_TRUE(written);
    EXPECT_EQ((*written)["status"], "recovered");
}

TEST_F(LastWordsTest, AreNotWrittenOverByTheStartOfAnAgent) {
    fail(core::Reason::missing, "not looked at yet");
    EXPECT_FALSE(round());
    pass();
    EXPECT_FALSE(round()) << "it only started";
    fail();
    EXPECT_TRUE(round()) << "from now on every failure counts";
}

TEST_F(LastWordsTest, OfAnInstanceThatNeverPassedAreWrittenAfterTheStart) {
    core::TimePoint long_ago = now();
    long_ago.boot -= LastWords::start_patience;
    words.note(failing_at(long_ago, core::Reason::missing, "/Mail: not mounted"));
    EXPECT_TRUE(round());
}

TEST_F(LastWordsTest, WaitForTheInstancesName) {
    core::TimePoint long_ago = now();
    long_ago.boot -= LastWords::start_patience;
    core::Verdict nameless = failing_at(long_ago, core::Reason::missing, "/Mail: not mounted");
    nameless.instance_id.clear();
    words.note(nameless);
    EXPECT_FALSE(round());
    words.note(failing_at(now(), core::Reason::missing, "/Mail: not mounted"));
    EXPECT_TRUE(round()) << "the same reason, but now it can be written";
}

TEST_F(LastWordsTest, ThatCouldNotBeWrittenAreTriedAgainAtTheNextChangeAndNotInEveryRound) {
    pass();
    fail();
    ::testing::internal::CaptureStderr();
    ASSERT_TRUE(round(true, false));
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "postfix-elb-agent: the reason of the failure cannot be kept on the shared file "
              "system: disk full\n");
    EXPECT_FALSE(round());
    fail(core::Reason::missing, "/Mail: not mounted");
    EXPECT_TRUE(round());
}

TEST(LastWords, AreALineOfJsonThatFitsWhateverTheOutputsHold) {
    Failure failure;
    failure.verdict =
        failing_at({core::WallTime(1'700'000'000'000ms), 61'500ms}, core::Reason::hung, "");
    failure.verdict.output = std::string(5000, '"') + "\n\xff";
    for (core::Finding& finding : failure.verdict.checks) {
        finding.status = core::Status::fail;
        finding.reason = core::Reason::missing;
        finding.output = std::string(3000, '\\') + "\x01\xc3";
        finding.observed = std::string(3000, '"');
    }
    failure.began_with = std::string(4000, 'x');
    for (const std::size_t limit : {2048U, 4096U}) {
        const std::string text = render_last_words(failure, limit);
        EXPECT_LE(text.size(), limit);
        EXPECT_GT(text.size(), limit / 4) << "no more is cut than needed";
        EXPECT_TRUE(
            std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }));
        const json parsed = json::parse(text, nullptr, false);
        ASSERT_TRUE(parsed.is_object()) << text;
        EXPECT_EQ(parsed["checks"].size(), core::check_count);
        EXPECT_EQ(parsed["secondsSinceBoot"], 61);
        EXPECT_EQ(parsed["time"], "2023-11-14T22:13:20.000Z");
    }
}

}  // namespace
}  // namespace agent
