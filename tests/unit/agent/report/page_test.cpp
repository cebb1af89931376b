// SPDX-License-Identifier: Apache-2.0
#include "agent/report/page.hpp"

#include "agent/report/html.hpp"
#include "agent/report/page_assets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <regex>
#include <string>
#include <vector>

#include "unit/core/healthy_world.hpp"

namespace {

using core::MailQueue;
using core::QueueCensus;
using core::QueueFigures;
using test::World;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

struct Stage {
    World world;
    core::Health health;
    core::History history;

    std::string page() {
        world.look_again();
        const core::Verdict verdict = health.evaluate(world.facts, world.settings, world.now);
        history.note(verdict);
        return agent::render_page({verdict, world.facts.relink, history, "0.1.0"});
    }
};

QueueFigures& figures(QueueCensus& census, MailQueue queue) {
    return census.queues[static_cast<std::size_t>(queue)];
}

QueueCensus census_at(std::chrono::milliseconds since, std::uint64_t deferred,
                      std::uint64_t active = 0) {
    QueueCensus census;
    census.at = test::moment(since);
    figures(census, MailQueue::deferred).messages = deferred;
    figures(census, MailQueue::active).messages = active;
    return census;
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + what.size())) {
        ++found;
    }
    return found;
}

/// The `d` of each line that is drawn, deferred first.
std::vector<std::string> lines_of(const std::string& page) {
    std::vector<std::string> found;
    const std::regex path("<path d=\"([^\"]*)\"/>");
    for (std::sregex_iterator i(page.begin(), page.end(), path), end; i != end; ++i) {
        found.push_back((*i)[1]);
    }
    return found;
}

/// "'sha256-…'" as sha256sum(1) and base64 have it.
std::string hash_of(std::string_view bytes) {
    const std::string path = testing::TempDir() + "/page_asset";
    std::FILE* file = std::fopen(path.c_str(), "w");
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
    std::FILE* sum = ::popen(("sha256sum < " + path).c_str(), "r");
    char hex[65] = {};
    EXPECT_EQ(std::fread(hex, 1, 64, sum), 64U);
    ::pclose(sum);
    std::remove(path.c_str());

    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < 64; i += 6) {  // three bytes, four characters
        const std::size_t size = std::min<std::size_t>(6, 64 - i);
        const unsigned long value =
            std::stoul(std::string(hex + i, size) + std::string(6 - size, '0'), nullptr, 16);
        for (int shift = 18; shift >= 0; shift -= 6) {
            out += digits[(value >> static_cast<unsigned>(shift)) & 63U];
        }
    }
    return out.substr(0, 43) + "=";
}

TEST(Html, WhatComesFromOutsideIsTextAndValidWhateverItsBytes) {
    EXPECT_EQ(agent::html_text("<b a=\"1\" c='2'>&amp;"),
              "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
    const std::string_view bytes("a\n\t\x1b[2J\0\xff\xc3\x28", 11);
    EXPECT_EQ(agent::html_text(bytes),
              "a" + std::string(3, '?') + "[2J" + std::string(3, '?') + "(");
}

TEST(Html, FiguresReadWell) {
    EXPECT_EQ(agent::grouped(0), "0");
    EXPECT_EQ(agent::grouped(999), "999");
    EXPECT_EQ(agent::grouped(1000), "1,000");
    EXPECT_EQ(agent::grouped(1234567), "1,234,567");
    EXPECT_EQ(agent::describe_bytes(0), "0 B");
    EXPECT_EQ(agent::describe_bytes(999), "999 B");
    EXPECT_EQ(agent::describe_bytes(1000), "1.0 kB");
    EXPECT_EQ(agent::describe_bytes(9999), "9.9 kB");
    EXPECT_EQ(agent::describe_bytes(34567890), "34 MB");
    EXPECT_EQ(agent::describe_bytes(UINT64_MAX), "18 EB");
    EXPECT_EQ(agent::html_time(test::moment(126ms).wall),
              "<time datetime=\"2026-11-22T10:00:00.126Z\">2026-11-22 10:00:00 UTC</time>");
}

TEST(Page, OfAHealthyHostShowsPassAndTheInstance) {
    Stage stage;
    const std::string page = stage.page();
    EXPECT_THAT(page, HasSubstr("<div class=\"verdict is-pass\">\n<h1>PASS</h1>"));
    EXPECT_THAT(page, HasSubstr("<title>PASS - i-0123456789abcdef0</title>"));
    EXPECT_THAT(page, HasSubstr("<dt>Instance</dt><dd>i-0123456789abcdef0</dd>"));
    EXPECT_THAT(page, HasSubstr("<dt>Phase</dt><dd>serving</dd>"));
    EXPECT_THAT(page, HasSubstr("<dd>postfix-elb-agent 0.1.0</dd>"));
    EXPECT_THAT(page, HasSubstr("pid 771"));
    EXPECT_THAT(page, Not(HasSubstr("What to do:")));
    EXPECT_THAT(page, Not(HasSubstr(">ready: ")));
    EXPECT_THAT(
        page,
        HasSubstr("<p class=\"said\"><b>done</b></p>\n<p class=\"soft\">As of <time datetime=\""
                  "2026-11-22T09:55:00.000Z\">2026-11-22 09:55:00 UTC</time>, 5 min before"));
}

TEST(Page, OfAFaultSaysTheCauseFirstAndWhatToDo) {
    Stage stage;
    stage.world.host().mount.reset();
    const std::string page = stage.page();
    EXPECT_THAT(
        page,
        HasSubstr(
            "<h1>FAIL</h1>\n<p class=\"said\">mount missing: nothing is mounted at /Mail</p>\n"
            "<p>/health answers 503: this instance is to be replaced.</p>"));
    EXPECT_THAT(
        page,
        HasSubstr("<div class=\"remedy\"><p><b>What to do:</b> Mount the shared file system; "));
    EXPECT_THAT(page, HasSubstr("</p><pre><code>sudo mount /Mail</code></pre><pre>"));
    const std::size_t cause = page.find("<th scope=\"row\">mount</th>");
    EXPECT_LT(cause, page.find("<th scope=\"row\">queue_link</th>"));
    EXPECT_LT(page.find("<th scope=\"row\">queue_link</th>"),
              page.find("<th scope=\"row\">master_pid</th>"));
    for (const core::Check check : core::all_checks()) {
        EXPECT_EQ(count(page, "<th scope=\"row\">" + std::string(to_string(check)) + "</th>"), 1U);
    }
}

TEST(Page, SaysReadinessWhereItDiffers) {
    Stage stage;
    stage.health.drain();
    const std::string page = stage.page();
    EXPECT_THAT(page, HasSubstr("<h1>PASS</h1>"));
    EXPECT_THAT(page,
                HasSubstr("<div class=\"verdict is-fail\">\n<p class=\"ready\">ready: FAIL</p>\n<p "
                          "class=\"said\">no new mail is wanted here: draining</p>\n"
                          "<p>/readyz answers 503: no new mail is to be routed here.</p>"));
}

TEST(Page, ShowsTheCommonOutputOfBothAnswersOnce) {
    core::Verdict verdict;
    verdict.health = core::Status::warn;
    verdict.output = verdict.ready_output = "mount hung: the server is silent, too";
    const std::string page = agent::render_page({verdict, {}, {}, "0.1.0"});
    EXPECT_EQ(count(page, verdict.output), 1U);
    EXPECT_THAT(page, HasSubstr("Not begun"));
}

TEST(Page, ShowsChangesTheLatestFirst) {
    Stage stage;
    static_cast<void>(stage.page());
    stage.world.pass_time(1min);
    stage.world.host().mount.reset();
    const std::string page = stage.page();
    const std::string changes = page.substr(page.find("<h2 id=\"changes\">"));
    EXPECT_EQ(count(changes, "<tr><td class=\"when\">"), 2U);
    EXPECT_LT(changes.find("2026-11-22 10:01:00 UTC"), changes.find("2026-11-22 10:00:00 UTC"));
    EXPECT_THAT(changes, HasSubstr("mount missing: nothing is mounted at /Mail"));
}

TEST(Page, NothingFromOutsideBecomesMarkup) {
    const std::string hostile = "\"><script>alert(1)</script><img src=x onerror='a()'>\xff\x01";
    Stage stage;
    stage.world.host().link.target = "/Mail/" + hostile;
    stage.world.relink().state = core::RelinkProgress::State::refused;
    stage.world.relink().text = hostile;
    stage.world.relink().remedy = {hostile, {hostile}};
    stage.world.mount().answer = core::MountFacts::Answer::io_error;
    stage.world.mount().error = hostile;
    stage.world.log().last_failure = core::StartFailure{core::StartFailure::Kind::start_failed,
                                                        stage.world.now.wall, hostile, false};
    stage.world.facts.instance_id = hostile;
    const std::string page = stage.page();
    EXPECT_EQ(count(page, "<script>"), 1U);
    EXPECT_EQ(count(page, "<img"), 0U);
    EXPECT_EQ(count(page, "</script>"), 1U);
    for (const char byte : page) {
        EXPECT_TRUE(byte == '\n' || (byte >= ' ' && byte <= '~'));
    }
}

TEST(Page, AsksForNothingFromElsewhereAndHasNoStyleThatThePolicyForbids) {
    Stage stage;
    stage.history.note(census_at(-2min, 1));
    stage.history.note(census_at(-1min, 2));
    std::string page = stage.page();
    const std::regex namespaces("xmlns='http://www.w3.org/2000/svg'");
    page = std::regex_replace(page, namespaces, "");
    for (const char* forbidden :
         {"http:", "https:", " style=", " onclick=", " onload=", "url(", "@import", "src="}) {
        EXPECT_THAT(page, Not(HasSubstr(forbidden))) << forbidden;
    }
}

TEST(Page, ThePolicyListsTheHashesOfTheStyleAndTheScript) {
    EXPECT_EQ(agent::page_style_hash, hash_of(agent::page_style))
        << "page_assets.cpp: page_style_hash";
    EXPECT_EQ(agent::page_script_hash, hash_of(agent::page_script))
        << "page_assets.cpp: page_script_hash";
    const std::string& fields = agent::page_fields();
    EXPECT_THAT(fields,
                HasSubstr("style-src 'sha256-" + std::string(agent::page_style_hash) + "'; "));
    EXPECT_THAT(fields,
                HasSubstr("script-src 'sha256-" + std::string(agent::page_script_hash) + "'; "));
    Stage stage;
    for (const std::string& page : {stage.page(), agent::render_notice("stale", "x")}) {
        EXPECT_THAT(page, HasSubstr("<style>" + std::string(agent::page_style) + "</style>"));
        EXPECT_THAT(page, HasSubstr("<script>" + std::string(agent::page_script) + "</script>"));
    }
}

TEST(PageQueue, SaysThatThereIsNoCensusYet) {
    Stage stage;
    EXPECT_THAT(stage.page(), HasSubstr("No census yet"));
}

TEST(PageQueue, ShowsDepthAgeAndSizeOfEachQueueAndHowOldTheyAre) {
    QueueCensus census = census_at(-23s, 1234, 0);
    QueueFigures& deferred = figures(census, MailQueue::deferred);
    deferred.bytes = 4500000;
    deferred.bytes_sampled = deferred.ages_sampled = 1234;
    deferred.oldest_arrival = test::moment(-5h).wall;
    Stage stage;
    stage.history.note(census);
    const std::string page = stage.page();
    EXPECT_THAT(
        page,
        HasSubstr(
            "Counted 23 s before this verdict, at <time datetime=\"2026-11-22T09:59:37.000Z\">"));
    EXPECT_THAT(page, HasSubstr("<th scope=\"row\">deferred</th><td class=\"number\">1,234</td>"
                                "<td class=\"number\">5 h</td><td class=\"number\">4.5 MB</td>"));
    EXPECT_THAT(
        page,
        HasSubstr(
            "<th scope=\"row\">corrupt</th><td class=\"number\">0</td><td class=\"number\">-</td>"
            "<td class=\"number\">-</td>"));
    EXPECT_THAT(page, Not(HasSubstr("not complete")));
}

TEST(PageQueue, SaysWhatIsEstimatedAndWhatIsNotComplete) {
    QueueCensus census = census_at(-1s, 1000);
    QueueFigures& deferred = figures(census, MailQueue::deferred);
    deferred.bytes = 5000;
    deferred.bytes_sampled = 200;
    deferred.ages_sampled = 200;
    deferred.oldest_arrival = test::moment(-3min).wall;
    figures(census, MailQueue::hold).messages = 2;
    census.complete = false;
    Stage stage;
    stage.history.note(census);
    const std::string page = stage.page();
    EXPECT_THAT(
        page,
        HasSubstr(
            "<td class=\"number\">at least 3 min</td><td class=\"number\">about 5.0 kB</td>"));
    EXPECT_THAT(page, HasSubstr("<th scope=\"row\">hold</th><td class=\"number\">2</td>"
                                "<td class=\"number\">unknown</td>"));
    EXPECT_THAT(page, HasSubstr("not complete"));
}

TEST(PageQueue, ThePlotRisesAndFallsWithTheDepth) {
    Stage stage;
    stage.history.note(census_at(-4min, 0));
    EXPECT_THAT(stage.page(), HasSubstr("begins with the second complete census"));
    stage.history.note(census_at(-3min, 50));
    stage.history.note(census_at(-2min, 100));
    stage.history.note(census_at(-1min, 0));
    const std::string page = stage.page();
    EXPECT_THAT(lines_of(page), testing::ElementsAre("M0,100L200,53L400,5L600,100",
                                                     "M0,100L200,100L400,100L600,100"));
    EXPECT_THAT(page, HasSubstr("aria-label=\"deferred: now 0, most 100 since 09:56 UTC\""));
}

TEST(PageQueue, WhereACensusIsMissingTheLineIsBroken) {
    Stage stage;
    for (const int minute : {0, 1, 2, 30, 60, 61}) {
        stage.history.note(census_at(minute * 1min, 1));
    }
    EXPECT_EQ(lines_of(stage.page())[0], "M0,5L9,5L19,5M295,5L295,5M590,5L600,5")
        << "one alone is a dot";
}

TEST(PageQueue, CensusesThatComeRarelyAreStillOneLine) {
    Stage stage;
    for (int i = 0; i < 10; ++i) {
        stage.history.note(census_at(i * 30min, 1));
    }
    EXPECT_EQ(count(lines_of(stage.page())[0], "M"), 1U);
}

TEST(PageQueue, NoDepthLeavesThePlotAndNoHistoryMakesAPageThatIsTooLong) {
    Stage stage;
    for (std::size_t i = 0; i < 2 * core::History::most_samples; ++i) {
        stage.history.note(census_at(i * 1min, i % 2 == 0 ? UINT64_MAX : i, 20000));
    }
    core::Verdict verdict;
    verdict.output = std::string(5000, '<');
    for (std::size_t i = 0; i < 2 * core::History::most_changes; ++i) {
        verdict.health = i % 2 == 0 ? core::Status::pass : core::Status::fail;
        stage.history.note(verdict);
    }
    const std::string page = stage.page();
    const std::regex point("([0-9]+),([0-9]+)");
    for (const std::string& line : lines_of(page)) {
        for (std::sregex_iterator i(line.begin(), line.end(), point), end; i != end; ++i) {
            EXPECT_LE(std::stoul((*i)[1]), 600U);
            EXPECT_LE(std::stoul((*i)[2]), 100U);
        }
    }
    EXPECT_LT(page.size(), 400000U);
}

}  // namespace
