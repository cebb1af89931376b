// SPDX-License-Identifier: Apache-2.0
#include "agent/clients/imds_client.hpp"

#include "agent/clients/deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <optional>
#include <string>

#include "support/imds_process.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using agent::Deadline;
using agent::ImdsClient;
using agent::ImdsPolicy;
using core::Errc;
using std::chrono::steady_clock;
using test::ImdsProcess;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* id_path = "/latest/meta-data/instance-id";

// Patience of the right kind for tests: retries at once, an attempt may take long on a busy
// machine.
ImdsPolicy quick() {
    ImdsPolicy policy;
    policy.attempt = 20s;
    policy.overall = 60s;
    policy.attempts = 3;
    policy.first_pause = 1ms;
    policy.longest_pause = 2ms;
    return policy;
}

class Conversation {
   public:
    explicit Conversation(const asio::ip::tcp::endpoint& endpoint, ImdsPolicy policy = quick())
        : client_(context_.get_executor(), endpoint, policy) {}

    core::Result<std::string> fetch(const std::string& path = id_path) {
        std::optional<core::Result<std::string>> result;
        const auto keep = [&result](const std::exception_ptr& thrown,
                                    core::Result<std::string> fetched) {
            ASSERT_FALSE(thrown);
            result = std::move(fetched);
        };
        asio::co_spawn(context_, client_.fetch(path), keep);
        context_.restart();
        context_.run();
        return std::move(result).value();
    }

   private:
    asio::io_context context_;
    ImdsClient client_;
};

void expect_final(const core::Result<std::string>& result, Errc code, const std::string& text) {
    ASSERT_FALSE(result) << *result;
    EXPECT_EQ(result.error().code, code);
    EXPECT_THAT(result.error().message, StartsWith("ask http://127.0.0.1:"));
    EXPECT_THAT(result.error().message, HasSubstr(text));
    EXPECT_THAT(result.error().message, Not(HasSubstr("gave up")));
    EXPECT_THAT(result.error().message, Not(HasSubstr("\n")));
}

void expect_gave_up(const core::Result<std::string>& result, Errc code, const std::string& text) {
    ASSERT_FALSE(result) << *result;
    EXPECT_EQ(result.error().code, code);
    EXPECT_THAT(result.error().message, HasSubstr(text));
    EXPECT_THAT(result.error().message, EndsWith("; gave up after 3 tries"));
}

TEST(ImdsEndpoint, IsAnHttpAddressWithAnIpLiteral) {
    const auto v4 = agent::parse_imds_endpoint("http://169.254.169.254");
    EXPECT_EQ(v4.value().address().to_string(), "169.254.169.254");
    EXPECT_EQ(v4.value().port(), 80);
    const auto v6 = agent::parse_imds_endpoint("http://[fd00:ec2::254]:8080");
    EXPECT_EQ(v6.value().address().to_string(), "fd00:ec2::254");
    EXPECT_EQ(v6.value().port(), 8080);
}

TEST(ImdsEndpoint, AnythingElseIsMalformed) {
    for (const char* text :
         {"", "http://", "169.254.169.254", "https://169.254.169.254", "http://localhost",
          "http://169.254.169.254/", "http://169.254.169.254:", "http://169.254.169.254:0",
          "http://169.254.169.254:65536", "http://169.254.169.254:80x", "http://[169.254.169.254]",
          "http://fd00:ec2::254", "http://[", "http://[fd00:ec2::254", "http://[::1]80"}) {
        const auto parsed = agent::parse_imds_endpoint(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, Errc::malformed);
    }
}

TEST(ImdsClientTest, ATokenIsFetchedOnceAndUsedForEveryItem) {
    ImdsProcess imds;
    Conversation conversation(imds.endpoint());
    EXPECT_EQ(conversation.fetch().value(), ImdsProcess::instance_id);
    EXPECT_EQ(conversation.fetch().value(), ImdsProcess::instance_id);
    EXPECT_EQ(imds.requests(),
              "PUT /latest/api/token 200\n"
              "GET /latest/meta-data/instance-id 200\n"
              "GET /latest/meta-data/instance-id 200\n");
}

TEST(ImdsClientTest, AnExpiredTokenIsReplacedOnce) {
    ImdsProcess imds;
    Conversation conversation(imds.endpoint());
    ASSERT_TRUE(conversation.fetch());
    imds.set_faults("token_expires_once");
    EXPECT_EQ(conversation.fetch().value(), ImdsProcess::instance_id);
    EXPECT_EQ(imds.requests(),
              "GET /latest/meta-data/instance-id 401\n"
              "PUT /latest/api/token 200\n"
              "GET /latest/meta-data/instance-id 200\n");
}

TEST(ImdsClientTest, ANewTokenThatIsRefusedIsFinalAndForgotten) {
    ImdsProcess imds("tokens_refused");
    Conversation conversation(imds.endpoint());
    expect_final(conversation.fetch(), Errc::denied,
                 "HTTP 401: a new session token was refused as well");
    EXPECT_EQ(imds.requests(),
              "PUT /latest/api/token 200\nGET /latest/meta-data/instance-id 401\n");
    imds.set_faults("");
    EXPECT_TRUE(conversation.fetch());
}

TEST(ImdsClientTest, AnAbsentItemIsMissingAtOnce) {
    ImdsProcess imds;
    Conversation conversation(imds.endpoint());
    const auto absent = conversation.fetch("/latest/meta-data/spot/instance-action");
    expect_final(absent, Errc::missing,
                 "for /latest/meta-data/spot/instance-action: HTTP 404: there is no such item");
}

TEST(ImdsClientTest, AServiceThatIsSwitchedOffIsDeniedAtOnce) {
    ImdsProcess imds("forbidden");
    expect_final(Conversation(imds.endpoint()).fetch(), Errc::denied,
                 "no session token: HTTP 403: access is forbidden; switch the metadata service on");
    EXPECT_EQ(imds.requests(), "PUT /latest/api/token 403\n");
}

TEST(ImdsClientTest, ATokenRequestThatIsFoundInvalidIsMalformedAtOnce) {
    ImdsProcess imds;
    ImdsPolicy policy = quick();
    policy.token_ttl = 21601s;
    expect_final(Conversation(imds.endpoint(), policy).fetch(), Errc::malformed,
                 "no session token: HTTP 400: the request was found invalid");
}

TEST(ImdsClientTest, SomethingThatIsNoMetadataServiceIsRefusedAtOnce) {
    ImdsProcess imds("no_token_path");
    Conversation conversation(imds.endpoint());
    expect_final(conversation.fetch(), Errc::missing, "no session token: HTTP 404");
    imds.set_faults("redirect");
    expect_final(conversation.fetch(), Errc::malformed,
                 "HTTP 302: not an answer of a metadata service");
    imds.set_faults("not_http");
    expect_final(conversation.fetch(), Errc::malformed, "read the answer: ");
}

TEST(ImdsClientTest, ATokenWithALineEndInItIsNotSentBack) {
    ImdsProcess imds("garbage_token");
    expect_final(Conversation(imds.endpoint()).fetch(), Errc::malformed,
                 R"(no session token: not a token: "token\x0d\nX-Injected: yes")");
    EXPECT_EQ(imds.requests(), "PUT /latest/api/token 200\n");
}

TEST(ImdsClientTest, APassingFailureIsRetried) {
    ImdsProcess imds;
    for (const char* fault : {"unavailable_first=2", "throttled_first=2", "reset_first=2"}) {
        imds.set_faults(fault);
        const auto fetched = Conversation(imds.endpoint()).fetch();
        ASSERT_TRUE(fetched) << fault << ": " << fetched.error().message;
        EXPECT_EQ(*fetched, ImdsProcess::instance_id);
    }
}

TEST(ImdsClientTest, ALastingFailureIsGivenUpAfterTheAllowedTries) {
    ImdsProcess imds("always_503");
    Conversation conversation(imds.endpoint());
    expect_gave_up(conversation.fetch(), Errc::unavailable,
                   "HTTP 503: the metadata service cannot answer now");
    EXPECT_EQ(imds.requests(),
              "PUT /latest/api/token 503\nPUT /latest/api/token 503\nPUT /latest/api/token 503\n");
    imds.set_faults("reset");
    expect_gave_up(conversation.fetch(), Errc::unavailable, "");
    imds.set_faults("cut");
    expect_gave_up(conversation.fetch(), Errc::unavailable, "read the answer: ");
}

TEST(ImdsClientTest, AServiceThatIsNotThereIsRefused) {
    asio::io_context context;
    asio::ip::tcp::acceptor closed(context, {asio::ip::address_v4::loopback(), 0});
    const auto endpoint = closed.local_endpoint();
    closed.close();
    expect_gave_up(Conversation(endpoint).fetch(), Errc::refused, "connect: Connection refused");
}

TEST(ImdsClientTest, SilenceAndSlownessEndAtTheDeadlineOfTheAttempt) {
    ImdsPolicy policy = quick();
    policy.attempt = 50ms;
    ImdsProcess imds;
    for (const char* fault : {"silent", "slow=600", "drip=600"}) {
        imds.set_faults(fault);
        const auto result = Conversation(imds.endpoint(), policy).fetch();
        expect_gave_up(result, Errc::timed_out, "read the answer: no end within the deadline");
        EXPECT_THAT(result.error().message, HasSubstr("hop limit"));
    }
}

TEST(ImdsClientTest, TheOverallDeadlineEndsAnAttemptAndThePauses) {
    ImdsProcess imds("silent");
    ImdsPolicy policy = quick();
    policy.overall = 100ms;
    auto began = steady_clock::now();
    EXPECT_THAT(Conversation(imds.endpoint(), policy).fetch().error().message,
                EndsWith("gave up after 1 try"));
    EXPECT_LT(steady_clock::now() - began, policy.attempt);

    imds.set_faults("always_503");
    policy.overall = 10s;
    policy.first_pause = 1h;
    policy.longest_pause = 1h;
    began = steady_clock::now();
    EXPECT_THAT(Conversation(imds.endpoint(), policy).fetch().error().message,
                EndsWith("gave up after 1 try"));
    EXPECT_LT(steady_clock::now() - began, policy.overall);
}

TEST(ImdsClientTest, AnAnswerByteByByteIsStillAnAnswer) {
    ImdsProcess imds("drip");
    EXPECT_EQ(Conversation(imds.endpoint()).fetch().value(), ImdsProcess::instance_id);
}

TEST(ImdsClientTest, ATooLargeAnswerIsMalformedAtOnce) {
    ImdsProcess imds;
    for (const char* fault : {"huge_body", "endless_body", "huge_header"}) {
        imds.set_faults(fault);
        expect_final(Conversation(imds.endpoint()).fetch(), Errc::malformed, "limit exceeded");
    }
}

// ---- the deadline alone

TEST(DeadlineTest, ADeadlineThatWasPassedBeforeItsHandlerRanHarmsNothingAfterItsEnd) {
    asio::io_context context;
    bool called = false;
    std::optional<Deadline> deadline;
    deadline.emplace(context.get_executor(), steady_clock::now() - 1s,
                     [&called] { called = true; });
    // Both are ready; the timer's handler is queued when the deadline ends.
    asio::post(context, [&] { deadline.reset(); });
    context.run();
    EXPECT_FALSE(called);
}

TEST(DeadlineTest, ADeadlineCallsOnceAndSaysSo) {
    asio::io_context context;
    int calls = 0;
    const Deadline deadline(context.get_executor(), steady_clock::now(), [&calls] { ++calls; });
    EXPECT_FALSE(deadline.expired());
    context.run();
    EXPECT_TRUE(deadline.expired());
    EXPECT_EQ(calls, 1);
}

TEST(DeadlineTest, ADeadlineThatEndsEarlyKeepsNoLoopRunning) {
    asio::io_context context;
    {
        const Deadline deadline(context.get_executor(), steady_clock::now() + 1h, [] { FAIL(); });
    }
    const auto began = steady_clock::now();
    context.run();
    EXPECT_LT(steady_clock::now() - began, 1min);
}

}  // namespace
