// SPDX-License-Identifier: Apache-2.0
#include "agent/http/routes.hpp"

#include <gmock/gmock.h>

#include "unit/agent/http/http_world.hpp"

namespace agent {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpRoutesTest : public testing::Test {
   protected:
    HttpRoutesTest() { routes.publish(make_test_answers(200, "fine")); }

    HttpAnswer get(std::string_view target) {
        return routes.answer({HttpMethod::get, target, true}, at);
    }
    std::string text(std::string_view target) { return std::string(get(target).bytes.view()); }

    HttpRoutes routes{[](core::ExpositionFormat) { return std::string("answer 42\n"); }};
    core::BootTime at{1000};
};

TEST_F(HttpRoutesTest, EveryPageIsFoundUnderItsOwnPath) {
    EXPECT_THAT(text("/health"), EndsWith("\r\n\r\nhealth fine"));
    EXPECT_THAT(text("/readyz"), EndsWith("\r\n\r\nready fine"));
    EXPECT_THAT(text("/livez"), EndsWith("\r\n\r\n{\"status\":\"pass\"}\n"));
    EXPECT_THAT(text("/metrics"), EndsWith("\r\n\r\nanswer 42\n"));
    EXPECT_THAT(text("/"), EndsWith("\r\n\r\nindex"));
    for (const core::Check check : core::all_checks()) {
        const std::string name(to_string(check));
        EXPECT_THAT(text("/health/" + name), EndsWith("\r\n\r\n" + name + " fine"));
    }
}

TEST_F(HttpRoutesTest, AnAnswerHasATypeAndALengthAndMayNotBeStored) {
    EXPECT_EQ(text("/health"),
              "HTTP/1.1 200 OK\r\nContent-Type: application/health+json\r\nContent-Length: 11\r\n"
              "Cache-Control: no-store\r\nConnection: keep-alive\r\n\r\nhealth fine");
    EXPECT_THAT(text("/metrics"),
                HasSubstr("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
}

TEST_F(HttpRoutesTest, HeadIsTheSameHeaderAndNoBody) {
    for (const std::string_view target : {"/health", "/metrics", "/nowhere", "/"}) {
        const std::string whole = text(target);
        const HttpAnswer head = routes.answer({HttpMethod::head, target, true}, at);
        EXPECT_EQ(head.bytes.view(), whole.substr(0, whole.find("\r\n\r\n") + 4)) << target;
    }
}

TEST_F(HttpRoutesTest, OneSlashAtTheEndOfAPathIsIgnored) {
    for (Route route = 0; route < other_route; ++route) {
        const std::string path(route_path(route));
        if (path != "/") {
            EXPECT_EQ(get(path + "/").route, route) << path;
            EXPECT_EQ(get(path + "/?pretty").route, route) << path;
            EXPECT_EQ(get(path + "//").route, other_route) << path;
        }
        EXPECT_EQ(get("/" + path).route, other_route) << path;
    }
    EXPECT_THAT(text("/health/mount/"), EndsWith("\r\n\r\nmount fine"));
}

TEST_F(HttpRoutesTest, OfTheQueryOnlyPrettyCounts) {
    for (const std::string_view target :
         {"/health?pretty", "/health?a=b&pretty", "/health?pretty=1&x", "/health?&pretty"}) {
        EXPECT_THAT(text(target), EndsWith("pretty health fine")) << target;
    }
    for (const std::string_view target :
         {"/health?", "/health?x", "/health?prettyish", "/health?a=pretty", "/health?Pretty"}) {
        EXPECT_THAT(text(target), EndsWith("\r\n\r\nhealth fine")) << target;
    }
    EXPECT_THAT(text("/health/mount?pretty"), EndsWith("pretty mount fine"));
    EXPECT_THAT(text("/readyz?pretty"), EndsWith("pretty ready fine"));
}

TEST_F(HttpRoutesTest, AbsoluteTargetsAreTakenAsTheirPath) {
    EXPECT_THAT(text("http://10.0.0.1:8025/readyz"), EndsWith("ready fine"));
    EXPECT_THAT(text("HTTP://[::1]/health?pretty"), EndsWith("pretty health fine"));
    EXPECT_EQ(get("http://10.0.0.1:8025").route, get("/").route);
    EXPECT_EQ(get("http://10.0.0.1?pretty").route, get("/").route);
}

TEST_F(HttpRoutesTest, ATargetThatIsNoneIsMalformed) {
    for (const std::string_view target :
         {"health", "*", "http://", "ftp://x/health", "example.com:80", ""}) {
        EXPECT_EQ(get(target).status, 400) << target;
    }
}

TEST_F(HttpRoutesTest, AnUnknownPathIsNotFoundAndTheAnswerListsAllThereAre) {
    for (const std::string_view target :
         {"/nowhere", "/health//", "/health/nothing", "//health", "/Health", "/other", "other"}) {
        EXPECT_EQ(get(target).route, other_route) << target;
    }
    const std::string answer = text("/nowhere");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 Not Found\r\n"));
    for (Route route = 0; route < other_route; ++route) {
        EXPECT_THAT(answer, HasSubstr(" " + std::string(route_path(route))));
    }
    EXPECT_THAT(answer, Not(HasSubstr("other")));
    EXPECT_EQ(answer.find('\n', answer.find("\r\n\r\n") + 4), answer.size() - 1) << "one line";
}

TEST_F(HttpRoutesTest, AnswersOtherMethodsWithTheAllowedOnes) {
    const HttpAnswer answer = routes.answer({HttpMethod::other, "/health", true}, at);
    EXPECT_THAT(std::string(answer.bytes.view()),
                StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
    EXPECT_THAT(std::string(answer.bytes.view()), HasSubstr("\r\nAllow: GET, HEAD\r\n"));
    EXPECT_THAT(text("/health"), Not(HasSubstr("Allow:")));
    EXPECT_EQ(route_path(answer.route), "/health") << "counted where it was asked";
    EXPECT_EQ(routes.answer({HttpMethod::other, "/nowhere", true}, at).status, 404);
}

TEST_F(HttpRoutesTest, AnExpiredBoardIsAnsweredAsAFailureAndTheLoopIsStillAlive) {
    PublishedAnswers answers = make_test_answers(200, "fine");
    answers.expires = core::BootTime(1000);
    routes.publish(std::move(answers));
    at = core::BootTime(999);
    EXPECT_EQ(get("/health").status, 200);
    at = core::BootTime(1000);
    for (const std::string_view path : {"/health", "/readyz", "/health/mount", "/health/relink"}) {
        EXPECT_EQ(get(path).status, 503) << path;
        EXPECT_THAT(text(path), HasSubstr("\"output\":\"stale: ")) << path;
    }
    EXPECT_EQ(get("/livez").status, 200);
    EXPECT_EQ(get("/metrics").status, 200);
    EXPECT_EQ(get("/nowhere").status, 404);
}

TEST(HttpRoutes, BeforeTheFirstBoardNothingIsHealthy) {
    const HttpRoutes routes([](core::ExpositionFormat) { return std::string(); });
    const HttpAnswer answer = routes.answer({HttpMethod::get, "/health", false}, core::BootTime(0));
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(std::string(answer.bytes.view()), HasSubstr("\"phase\":\"starting\""));
    EXPECT_EQ(routes.answer({HttpMethod::get, "/livez", false}, core::BootTime(0)).status, 200);
}

TEST_F(HttpRoutesTest, ABrowserGetsThePageAndOtherClientsGetText) {
    const auto index = [&](std::string_view accept) {
        return std::string(routes.answer({HttpMethod::get, "/", true, accept}, at).bytes.view());
    };
    for (const std::string_view browser :
         {"text/html",
          "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
          "TEXT/HTML; q=0.5, text/plain;q=0.4", "application/xml, text/html"}) {
        EXPECT_THAT(index(browser), EndsWith("\r\n\r\n<p>index</p>")) << browser;
    }
    for (const std::string_view other :
         {"", "*/*", "text/*", "text/plain", "text/html;q=0", "text/html;q=0.4, text/plain",
          "image/png", "text/htm", ";;;,", "application/json"}) {
        EXPECT_THAT(index(other), EndsWith("\r\n\r\nindex")) << other;
    }
}

TEST_F(HttpRoutesTest, ThePageIsRenderedOncePerBoardAndOnlyOnRequest) {
    int made = 0;
    PublishedAnswers answers = make_test_answers(200, "fine");
    answers.make_page = [&made] {
        return PreparedResponse(200, content_type::html, "page " + std::to_string(++made));
    };
    routes.publish(answers);
    static_cast<void>(get("/"));
    static_cast<void>(get("/health"));
    EXPECT_EQ(made, 0);
    for (int i = 0; i < 3; ++i) {
        const auto answer = routes.answer({HttpMethod::get, "/", true, "text/html"}, at);
        EXPECT_THAT(std::string(answer.bytes.view()), EndsWith("page 1"));
    }
    routes.publish(answers);
    static_cast<void>(routes.answer({HttpMethod::head, "/", true, "text/html"}, at));
    EXPECT_EQ(made, 2);
}

TEST_F(HttpRoutesTest, WithoutACurrentVerdictTheIndexIsAFailureToo) {
    HttpRoutes fresh([](core::ExpositionFormat) { return std::string(); });
    PublishedAnswers answers = make_test_answers(200, "fine");
    answers.expires = core::BootTime(1000);
    routes.publish(std::move(answers));
    const struct {
        const HttpRoutes& routes;
        std::string word;
        std::string text;
    } cases[] = {
        {routes, "STALE",
         "stale: the agent answers but has stopped checking; restart postfix-elb-agent\n"},
        {fresh, "STARTING", "starting: no verdict yet: the first round of checks has not ended\n"}};
    for (const auto& [asked, word, text] : cases) {
        const HttpAnswer plain =
            asked.answer({HttpMethod::get, "/", true, "*/*"}, core::BootTime(1000));
        EXPECT_EQ(plain.status, 503);
        EXPECT_THAT(std::string(plain.bytes.view()), EndsWith("\r\n\r\n" + text));
        const HttpAnswer page =
            asked.answer({HttpMethod::get, "/", true, "text/html"}, core::BootTime(1000));
        EXPECT_EQ(page.status, 503);
        EXPECT_THAT(std::string(page.bytes.view()), HasSubstr("<h1>" + word + "</h1>"));
        EXPECT_THAT(std::string(page.bytes.view()),
                    HasSubstr("\r\nContent-Security-Policy: default-src 'none'; "));
        for (const HttpAnswer& answer : {plain, page}) {
            EXPECT_THAT(std::string(answer.bytes.view()), HasSubstr("\r\nVary: Accept\r\n"));
        }
    }
}

TEST(HttpRoutes, BytesBeingSentOutliveTheBoardTheyCameFrom) {
    HttpRoutes routes([](core::ExpositionFormat) { return std::string(); });
    routes.publish(make_test_answers(200, "before"));
    const HttpAnswer answer = routes.answer({HttpMethod::get, "/health", true}, core::BootTime(0));
    routes.publish(make_test_answers(503, "after"));
    EXPECT_THAT(std::string(answer.bytes.view()), EndsWith("health before"));
}

TEST(PreparedResponse, AnUnknownStatusIsAnErrorOfTheServer) {
    EXPECT_EQ(PreparedResponse(299, content_type::text, "").status(), 500);
}

}  // namespace
}  // namespace agent
