// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/startup_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using core::LogEvent;
using core::WallTime;
using Kind = core::LogEvent::Kind;
namespace chrono = std::chrono;

const WallTime now = chrono::sys_days(chrono::year(2026) / 11 / 22) + chrono::hours(12);

WallTime as_utc(const std::tm& t) {
    return chrono::sys_days(chrono::year(t.tm_year + 1900) / (t.tm_mon + 1) / t.tm_mday) +
           chrono::hours(t.tm_hour) + chrono::minutes(t.tm_min) + chrono::seconds(t.tm_sec);
}

std::optional<LogEvent> parse(const std::string& line) {
    return core::parse_maillog_line(line, now, as_utc);
}

std::optional<Kind> kind(const std::string& after_host) {
    const auto event = parse("2026-11-22T10:15:04.955536+00:00 vma " + after_host);
    return event ? std::optional(event->kind) : std::nullopt;
}

TEST(MaillogLine, TheLinesOfDebian12AreRecognized) {
    EXPECT_EQ(
        kind("postfix/postfix-script[1060]: fatal: the Postfix mail system is already running"),
        Kind::already_running);
    EXPECT_EQ(
        kind("postfix/master[1051]: daemon started -- version 3.7.11, configuration /etc/postfix"),
        Kind::daemon_started);
    EXPECT_EQ(kind("postfix/master[1084]: fatal: open lock file pid/master.pid: unable to set "
                   "exclusive lock: Resource "
                   "temporarily unavailable"),
              Kind::lock_refused);
    EXPECT_EQ(kind("postfix/master[1051]: terminating on signal 15"), Kind::terminated);
    EXPECT_EQ(kind("postfix/postfix-script[1051]: stopping the Postfix mail system"),
              Kind::terminated);
    EXPECT_EQ(kind("postfix/postfix-script[1051]: aborting the Postfix mail system"),
              Kind::terminated);
    EXPECT_EQ(kind("postfix/smtpd[1051]: stopping the Postfix mail system"), std::nullopt);
    EXPECT_EQ(
        kind("postfix/master[1083]: fatal: daemon initialization failure -- see logs for details"),
        Kind::aftermath);
}

TEST(MaillogLine, BothLocksOfMasterCount) {
    EXPECT_EQ(kind("postfix/master[7]: fatal: open lock file /var/lib/postfix/master.lock: unable "
                   "to set exclusive lock: "
                   "Resource temporarily unavailable"),
              Kind::lock_refused);
    EXPECT_EQ(kind("postfix/master[7]: fatal: open lock file pid/master.pid: cannot open file: "
                   "Read-only file system"),
              Kind::start_failed);
}

TEST(MaillogLine, AnyFatalEndOfAStartCounts) {
    EXPECT_EQ(kind("postfix[1665]: fatal: chdir(/var/spool/postfix): No such file or directory"),
              Kind::start_failed);
    EXPECT_EQ(
        kind("postfix[1136]: fatal: bad numerical configuration: default_process_limit = abc"),
        Kind::start_failed);
    EXPECT_EQ(kind("postfix/master[9]: fatal: bind 0.0.0.0 port 25: Address already in use"),
              Kind::start_failed);
    EXPECT_EQ(kind("postfix/postfix-script[9]: fatal: unable to create missing queue directories"),
              Kind::start_failed);
    EXPECT_EQ(
        kind("postfix/postfix-script[9]: fatal: no Postfix queue directory /var/spool/postfix!"),
        Kind::start_failed);
    EXPECT_EQ(kind("postfix/postfix-script[9]: fatal: mail system startup failed"),
              Kind::aftermath);
    EXPECT_EQ(kind("postfix/postfix-script[9]: fatal: Postfix integrity check failed!"),
              Kind::aftermath);
}

TEST(MaillogLine, TheTagMayHaveAnyPrefix) {
    const std::string text = ": fatal: the Postfix mail system is already running";
    for (const char* tag : {"postfix-out/postfix-script[3182]", "postfix/relay/postfix-script[1]",
                            "x/postfix-script[1]", "postfix-script[1]", "postfix/postfix-script",
                            "postfix/postlog[1]"}) {
        EXPECT_EQ(kind(tag + text), Kind::already_running) << tag;
    }
}

TEST(MaillogLine, WhatSystemdCopiesFromStandardErrorCounts) {
    EXPECT_EQ(
        kind("postfix[246727]: postfix/postlog: fatal: the Postfix mail system is already running"),
        Kind::already_running);
    EXPECT_EQ(kind("postmulti[1]: postfix/postfix-script: fatal: the Postfix mail system is "
                   "already running"),
              Kind::already_running);
    EXPECT_EQ(kind("postfix[246727]: postfix/postlog: starting the Postfix mail system"),
              std::nullopt);
}

TEST(MaillogLine, ALineThatOnlyQuotesTheTextIsNoStart) {
    const std::string text = "fatal: the Postfix mail system is already running";
    for (const std::string& line : std::vector<std::string>{
             "postfix/cleanup[77]: 4F2A: warning: header Subject: " + text +
                 " from x[192.0.2.1]; from=<a@b>",
             "postfix/cleanup[77]: 4F2A: warning: header Subject: postfix/postfix-script[1]: " +
                 text,
             "postfix/smtpd[77]: " + text,
             "postfix/smtpd[77]: warning: " + text,
             "postfix/cleanup[77]: postfix/postfix-script[1]: " + text,
             "someone: postfix/postfix-script[1]: " + text,
             "su[7]: postfix/master[1]: daemon started -- version 3.7.11",
             "postfix/postfix-script[1]: warning: " + text,
             "postfix/postfix-script[1]: x " + text,
             "postfix/postfix-script[x]: " + text,
             "postfix/master[1]: warning: process said: daemon started -- version 3.7.11",
             "postfix/postfix-script[1]: daemon started -- version 3.7.11",
             text,
         }) {
        EXPECT_EQ(kind(line), std::nullopt) << line;
    }
}

TEST(MaillogLine, TheEndOfAnotherCommandIsNoFailedStart) {
    for (const char* text :
         {"fatal: the Postfix mail system is not running",
          "fatal: usage: postfix [-c config_dir] [-Dv] command",
          "fatal: usage postfix start (no arguments)",
          "fatal: unknown command: 'strat'. Usage: postfix start (or stop, reload, ...)",
          "fatal: empty 'maillog_file' parameter value - logfile rotation failed",
          "fatal: not rotating '/dev/stdout'", "fatal: logfile '/x' rotation failed: y",
          "fatal: the postfix command is reserved for the superuser",
          "the Postfix mail system is running: PID: 1051", "terminating on signal 15",
          "reload -- version 3.7.11, configuration /etc/postfix",
          "starting the Postfix mail system"}) {
        EXPECT_EQ(kind(std::string("postfix/postfix-script[1]: ") + text), std::nullopt) << text;
        EXPECT_EQ(kind(std::string("postfix[1]: ") + text), std::nullopt) << text;
    }
}

TEST(MaillogLine, TimeAndTextOfATraditionalLineAreKept) {
    const std::string line =
        "Nov 22 10:19:24 vma postfix/postfix-script[3813]: fatal: the Postfix mail system is "
        "already running";
    const auto event = parse(line);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->at, now - chrono::hours(12) + chrono::hours(10) + chrono::minutes(19) +
                             chrono::seconds(24));
    EXPECT_EQ(event->text, line);
}

TEST(MaillogLine, TheTextIsPrintableAndBounded) {
    const auto event =
        parse("Nov 22 10:19:24 vma postfix/master[1]: fatal: \x1b]0;\xff" + std::string(5000, 'x'));
    ASSERT_TRUE(event);
    EXPECT_THAT(event->text, testing::HasSubstr("fatal: ?]0;?xxx"));
    EXPECT_EQ(event->text.size(), core::max_event_text + 3);
}

TEST(MaillogLine, ALineWithoutATimeIsNoEvent) {
    EXPECT_FALSE(
        parse("postfix/postfix-script[3813]: fatal: the Postfix mail system is already running"));
    EXPECT_FALSE(parse(
        "vma postfix/postfix-script[3813]: fatal: the Postfix mail system is already running"));
    EXPECT_FALSE(parse(""));
}

// A message, and its kind in a line of master and in one of another program that starts
// Postfix.
struct Message {
    const char* text;
    std::optional<Kind> of_master;
    std::optional<Kind> of_others;
};

const std::vector<Message> messages{
    {"fatal: the Postfix mail system is already running", Kind::already_running,
     Kind::already_running},
    {"fatal: bind 0.0.0.0 port 25: Address already in use", Kind::start_failed, Kind::start_failed},
    {"fatal: mail system startup failed", Kind::aftermath, Kind::aftermath},
    {"daemon started -- version 3.7.11, configuration /etc/postfix", Kind::daemon_started,
     std::nullopt},
    {"terminating on signal 15", Kind::terminated, std::nullopt},
    {"fatal: usage: postfix [-c config_dir] [-Dv] command", std::nullopt, std::nullopt},
    {"connect from a.example[192.0.2.1]", std::nullopt, std::nullopt},
};

// Takes a tag off the front; the syslog name with its '/', and the program.
std::optional<std::pair<std::string, std::string>> take_tag_simply(std::string& rest) {
    const auto end = rest.find(": ");
    std::string tag = rest.substr(0, end);
    if (end == std::string::npos || tag.find(' ') != std::string::npos) {
        return std::nullopt;
    }
    if (const auto bracket = tag.rfind('['); tag.ends_with(']')) {
        const std::string pid =
            bracket == std::string::npos ? "" : tag.substr(bracket + 1, tag.size() - bracket - 2);
        if (pid.empty() || pid.find_first_not_of("0123456789") != std::string::npos) {
            return std::nullopt;
        }
        tag.erase(bracket);
    }
    rest.erase(0, end + 2);
    const auto name = tag.rfind('/') + 1;
    return std::pair(tag.substr(0, name), tag.substr(name));
}

bool starts_postfix(const std::string& program) {
    return program == "postfix" || program == "postmulti" || program == "postfix-script" ||
           program == "master" || program == "postlog";
}

// The stamp first, then field by field.
std::optional<Kind> kind_simply(const std::string& line) {
    std::string_view without_stamp = line;
    if (!core::take_log_time(without_stamp, now, as_utc)) {
        return std::nullopt;
    }
    const auto host_end = without_stamp.find(' ');
    std::string rest(without_stamp.substr(host_end == std::string_view::npos ? without_stamp.size()
                                                                             : host_end + 1));
    const auto outer = take_tag_simply(rest);
    if (!outer || !starts_postfix(outer->second)) {
        return std::nullopt;
    }
    std::string program = outer->second;
    if (program == "postfix" || program == "postmulti") {
        std::string inside = rest;
        const auto inner = take_tag_simply(inside);
        if (inner && !inner->first.empty() && starts_postfix(inner->second)) {
            rest = inside;
            program = inner->second;
        } else if (program == "postmulti") {
            return std::nullopt;
        }
    }
    for (const Message& message : messages) {
        if (rest == message.text) {
            return program == "master" ? message.of_master : message.of_others;
        }
    }
    return std::nullopt;
}

TEST(MaillogLine, LinesOfRandomPartsAgreeWithASimpleParser) {
    const std::vector<std::string> stamps{"2026-11-22T10:15:04.955536+00:00 ",
                                          "2026-11-22T10:15:04Z ",
                                          "2026-11-22T10:15:04-05:00 ",
                                          "Nov 22 10:19:24 ",
                                          "Nov  2 10:19:24 ",
                                          "Nov 32 10:19:24 ",
                                          "2026-13-22T10:15:04Z ",
                                          "2026-11-22T10:15:04 ",
                                          "Nov 22  10:19:24 ",
                                          ""};
    const std::vector<std::string> hosts{"vma ", "vma ", "vma ", "2001:db8:: ", "a: ", " ", ""};
    const std::vector<std::string> tags{"postfix/",
                                        "postfix",
                                        "postfix-out/",
                                        "postfix/relay/",
                                        "postfix-script",
                                        "master",
                                        "postlog",
                                        "postmulti",
                                        "smtpd",
                                        "[1]",
                                        "[22]",
                                        "[x]",
                                        "[",
                                        "]",
                                        "[1][2]",
                                        ": ",
                                        ": ",
                                        " ",
                                        "/"};
    std::mt19937 random(1);
    const auto any = [&random](const auto& of) -> const auto& {
        return of[random() % of.size()];
    };
    int events = 0;
    for (int round = 0; round < 50000; ++round) {
        std::string line = any(stamps) + any(hosts);
        for (int left = static_cast<int>(random() % 3); left >= 0; --left) {
            if (random() % 4 > 0) {
                line += (random() % 3 > 0 ? "postfix/" : "") + any(tags) + "[1]: ";
            } else {
                line += any(tags) + any(tags) + any(tags);
            }
        }
        line += any(messages).text;
        const auto event = parse(line);
        ASSERT_EQ(event ? std::optional(event->kind) : std::nullopt, kind_simply(line)) << line;
        ASSERT_TRUE(!event || core::may_be_event(line)) << line;
        events += event ? 1 : 0;
    }
    EXPECT_GT(events, 500);
}

}  // namespace
