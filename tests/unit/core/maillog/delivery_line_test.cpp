// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/delivery_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace {

using core::DeliveryLine;
using core::DeliveryStatus;
using core::LogLevel;
using core::MailProgram;
using core::parse_delivery_line;
using testing::ElementsAre;
using Kind = DeliveryLine::Kind;

/// The views of the result are into the line, which is kept.
DeliveryLine said(const std::string& text, const std::string& tag) {
    static std::string line;
    line = "2026-11-22T10:15:03.543207+00:00 mx1 " + tag + "[771]: " + text;
    return parse_delivery_line(line);
}
DeliveryLine smtp(const std::string& text) {
    return said(text, "postfix/smtp");
}
DeliveryLine smtpd(const std::string& text) {
    return said(text, "postfix/smtpd");
}

const std::string delivered =
    "relay=mx.example.net[192.0.2.1]:25, delay=6.2, delays=0.1/0/5.2/0.87, dsn=4.0.0, ";

TEST(DeliveryLine, ADeliveryHasItsStatusItsRelayAndItsFourDelays) {
    const DeliveryLine line =
        smtp("732BB407C3: to=<b@example.net>, " + delivered + "status=deferred (said: 451 later)");
    EXPECT_EQ(line.kind, Kind::delivery);
    EXPECT_EQ(line.program, MailProgram::smtp);
    EXPECT_EQ(line.status, DeliveryStatus::deferred);
    EXPECT_EQ(line.relay, "mx.example.net[192.0.2.1]:25");
    EXPECT_THAT(line.delays, ElementsAre(0.1, 0, 5.2, 0.87));
}

TEST(DeliveryLine, AnAliasAndAConnectionThatIsUsedAgainAreNoHindrance) {
    const DeliveryLine line = smtp(
        "732BB407C3: to=<b@example.net>, orig_to=<root>, relay=mx[192.0.2.1]:25, conn_use=12, "
        "delay=6.2, delays=0.1/0/5.2/0.87, dsn=2.0.0, status=sent (250 ok)");
    EXPECT_EQ(line.kind, Kind::delivery);
    EXPECT_EQ(line.status, DeliveryStatus::sent);
}

TEST(DeliveryLine, TheLevelOfTlsThatPostfix311AddsIsNoHindrance) {
    for (const char* tls : {"tls=dane, ", "tls=!(x)/y?, ", ""}) {
        const DeliveryLine line = smtp(
            "732BB407C3: to=<b@example.net>, relay=mx[192.0.2.1]:25, delay=5.5, "
            "delays=0.08/0.01/3.5/1.9, " +
            std::string(tls) + "dsn=2.0.0, status=sent (250 ok)");
        EXPECT_EQ(line.kind, Kind::delivery) << tls;
        EXPECT_EQ(line.status, DeliveryStatus::sent) << tls;
        EXPECT_THAT(line.delays, ElementsAre(0.08, 0.01, 3.5, 1.9)) << tls;
    }
}

TEST(DeliveryLine, LongQueueIdsAreReadAsShortOnesAre) {
    EXPECT_EQ(smtp("4jXRTW1KpQzyc8: to=<b@example.net>, " + delivered + "status=sent (ok)").kind,
              Kind::delivery);
    EXPECT_EQ(said("4jXRTW1KpQzyc8: removed", "postfix/qmgr").kind, Kind::removed);
}

TEST(DeliveryLine, EachProgramThatDeliversIsATransport) {
    for (std::size_t i = 0; i < core::transports.size(); ++i) {
        const DeliveryLine line =
            said("732BB407C3: to=<b@example.net>, " + delivered + "status=sent (ok)",
                 "postfix/" + std::string(core::transports[i]));
        EXPECT_EQ(line.kind, Kind::delivery);
        EXPECT_EQ(static_cast<std::size_t>(line.program), i);
        EXPECT_EQ(line.service, core::transports[i]);
    }
}

TEST(DeliveryLine, TheLastPartOfTheTagIsTheProgram) {
    for (const char* tag :
         {"postfix/smtpd", "postfix-in/smtpd", "postfix/submission/smtpd", "mta-out/smtpd"}) {
        EXPECT_EQ(said("connect from unknown[192.0.2.1]", tag).kind, Kind::connect) << tag;
    }
    EXPECT_EQ(said("connect from unknown[192.0.2.1]", "dovecot").kind, Kind::foreign);
    EXPECT_EQ(said("connect from unknown[192.0.2.1]", "smtpd").kind, Kind::foreign);
    EXPECT_EQ(said("connect from unknown[192.0.2.1]", "dovecot/imap").kind, Kind::foreign);
    const DeliveryLine policy = said("warning: too slow", "postfix/policyd-spf");
    EXPECT_EQ(policy.kind, Kind::unsupported);
    EXPECT_EQ(policy.service, "other");
    EXPECT_EQ(policy.level, LogLevel::warning);
}

TEST(DeliveryLine, BothFormsOfTimeStampsAreRead) {
    EXPECT_EQ(parse_delivery_line("Nov 22 10:19:24 mx1 postfix/qmgr[1]: 4F: removed").kind,
              Kind::removed);
    EXPECT_EQ(parse_delivery_line("Nov  2 10:19:24 mx1 postfix/qmgr[1]: 4F: removed").kind,
              Kind::removed);
    EXPECT_EQ(parse_delivery_line("2026-11-22T10:19:24Z mx1 postfix/qmgr[1]: 4F: removed").kind,
              Kind::removed);
    EXPECT_EQ(parse_delivery_line("2026-11-22T10:19:24Z mx1 postfix/qmgr: 4F: removed").kind,
              Kind::removed);
}

TEST(DeliveryLine, WhatNoSystemLoggerWritesIsUnreadable) {
    for (const char* line : {"", " ", "x", "Nov 22 10:19:24", "Nov 22 10:19:24 mx1",
                             "half a line of something else here",
                             "Nov 22 10:19:24 mx1 last message repeated 2 times"}) {
        EXPECT_EQ(parse_delivery_line(line).kind, Kind::unreadable) << line;
    }
}

// ---- what strangers write

TEST(DeliveryLine, AFieldInAQuotedAddressIsNoField) {
    const DeliveryLine line = smtp(
        R"(4F: to=<"a>, relay=x, delay=1, delays=9/9/9/9, dsn=2.0.0, status=sent (\"b"@example.net>, )" +
        delivered + "status=bounced (no)");
    EXPECT_EQ(line.kind, Kind::delivery);
    EXPECT_EQ(line.status, DeliveryStatus::bounced);
    EXPECT_THAT(line.delays, ElementsAre(0.1, 0, 5.2, 0.87));
}

TEST(DeliveryLine, WhatAServerAnswersIsNoField) {
    const DeliveryLine line =
        smtp("4F: to=<b@example.net>, " + delivered +
             "status=bounced (said: 550 , delays=9/9/9/9, dsn=2.0.0, status=sent (ok))");
    EXPECT_EQ(line.status, DeliveryStatus::bounced);
    EXPECT_THAT(line.delays, ElementsAre(0.1, 0, 5.2, 0.87));
}

TEST(DeliveryLine, WhatAClientSaysIsNoEvent) {
    EXPECT_EQ(smtpd("warning: x[192.0.2.1]: NOQUEUE: reject: RCPT from y: 554 z").kind,
              Kind::unsupported);
    EXPECT_EQ(
        said("4F: warning: header Subject: 4F: message-id=<x> from a", "postfix/cleanup").kind,
        Kind::unsupported);
    EXPECT_EQ(said("4F: warning: header Subject: : reject: x", "postfix/cleanup").kind,
              Kind::unsupported);
    EXPECT_EQ(said(R"(4F: from=<", size=9, nrcpt=9 (">@x>, size=1, nrcpt=2 (queue active))",
                   "postfix/qmgr")
                  .kind,
              Kind::unsupported);
    EXPECT_EQ(said(R"(4F: from=<", size=9, nrcpt=9 (>"@x>, size=1, nrcpt=2 (queue active))",
                   "postfix/qmgr")
                  .size,
              1);
}

TEST(DeliveryLine, ADeliveryThatIsCutAnywhereIsUnsupportedOrWhatItWas) {
    const std::string whole =
        "2026-11-22T10:15:03+00:00 mx1 postfix/smtp[1]: 4F: to=<b@example.net>, " + delivered +
        "status=sent (250 ok)";
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const DeliveryLine line = parse_delivery_line(std::string_view(whole).substr(0, size));
        if (line.kind == Kind::delivery) {
            EXPECT_THAT(line.delays, ElementsAre(0.1, 0, 5.2, 0.87));
        } else {
            EXPECT_LT(size, whole.size());
        }
    }
}

TEST(DeliveryLine, DelaysThatAreNoNumbersAreNoDelivery) {
    for (const char* delays : {"", "1/2/3", "1/2/3/x", "-1/2/3/4", "1/2/3/4/5", "1e9/2/3/4",
                               "1..2/2/3/4", "./2/3/4", "1234567890123456789/2/3/4"}) {
        EXPECT_EQ(smtp("4F: to=<b@x>, relay=none, delay=1, delays=" + std::string(delays) +
                       ", dsn=2.0.0, status=sent (ok)")
                      .kind,
                  Kind::unsupported)
            << delays;
    }
}

TEST(DeliveryLine, AStatusThatIsNotKnownIsAnother) {
    EXPECT_EQ(smtp("4F: to=<b@x>, " + delivered + "status=teleported (ok)").status,
              DeliveryStatus::other);
    EXPECT_EQ(smtp("4F: to=<b@x>, " + delivered + "status=SOFTBOUNCE (ok)").status,
              DeliveryStatus::softbounce);
}

// ---- smtpd

TEST(DeliveryLine, ConnectionsComeGoAndAreLostAtAStage) {
    EXPECT_EQ(smtpd("connect from unknown[192.0.2.1]").kind, Kind::connect);
    EXPECT_EQ(smtpd("disconnect from unknown[192.0.2.1] ehlo=1 quit=1 commands=2").kind,
              Kind::disconnect);
    const auto stage_of = [](const std::string& text) {
        const DeliveryLine line = smtpd(text);
        EXPECT_EQ(line.kind, Kind::lost) << text;
        return core::smtp_stages[line.stage];
    };
    EXPECT_EQ(stage_of("lost connection after EHLO from unknown[192.0.2.1]"), "EHLO");
    EXPECT_EQ(stage_of("lost connection after END-OF-MESSAGE from unknown[192.0.2.1]"),
              "END-OF-MESSAGE");
    EXPECT_EQ(stage_of("lost connection after DATA (3 bytes) from unknown[192.0.2.1]"), "DATA");
    EXPECT_EQ(stage_of("NOQUEUE: lost connection after AUTH from unknown[192.0.2.1]"), "AUTH");
    EXPECT_EQ(stage_of("lost connection after TELEPORT from unknown[192.0.2.1]"), "other");
    EXPECT_EQ(smtpd("timeout after EHLO from unknown[192.0.2.1]").kind, Kind::unsupported);
}

TEST(DeliveryLine, AMessageIsAcceptedByAMethodOrWithout) {
    EXPECT_EQ(smtpd("1CF582025C: client=xxx[2.3.4.5]").kind, Kind::accepted);
    EXPECT_EQ(smtpd("1CF582025C: client=xxx[2.3.4.5]").sasl_method, "");
    EXPECT_EQ(
        smtpd("1CF582025C: client=xxx[2.3.4.5], sasl_method=PLAIN, sasl_username=a, sasl_method=b")
            .sasl_method,
        "PLAIN");
    EXPECT_EQ(smtpd("1CF582025C: client=xxx[2.3.4.5], sasl_method=EXTERNAL").sasl_method,
              "EXTERNAL");
}

TEST(DeliveryLine, ARejectHasItsStageItsCodeAndItsOrigin) {
    const DeliveryLine rcpt =
        smtpd("NOQUEUE: reject: RCPT from x[2001:db8::1]: 450 4.7.25 <b@x>: no; from=<> to=<b@x>");
    EXPECT_EQ(rcpt.kind, Kind::rejected);
    EXPECT_EQ(core::smtp_stages[rcpt.stage], "RCPT");
    EXPECT_EQ(rcpt.code, "450");
    EXPECT_TRUE(rcpt.noqueue);
    EXPECT_FALSE(rcpt.by_milter);
    const DeliveryLine later =
        smtpd("4jXRTW1KpQzyc8: reject: DATA from x[192.0.2.1]: 554 5.5.1 no; proto=SMTP");
    EXPECT_EQ(core::smtp_stages[later.stage], "DATA");
    EXPECT_FALSE(later.noqueue);
    const DeliveryLine milter =
        smtpd("NOQUEUE: milter-reject: MAIL from x[192.0.2.1]: 5.7.1 no; proto=SMTP");
    EXPECT_TRUE(milter.by_milter);
    EXPECT_EQ(milter.code, "");
    EXPECT_EQ(smtpd("NOQUEUE: reject_warning: RCPT from x[192.0.2.1]: 554 no").kind,
              Kind::unsupported);
}

TEST(DeliveryLine, WarningsOfSmtpdThatHaveAMeaning) {
    EXPECT_EQ(smtpd("warning: hostname a.example does not resolve to address 192.0.2.1").kind,
              Kind::fcrdns_error);
    EXPECT_EQ(smtpd("warning: hostname a.example does not resolve to address 192.0.2.1: Name or "
                    "service not known")
                  .kind,
              Kind::fcrdns_error);
    EXPECT_EQ(smtpd("warning: x[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6").kind,
              Kind::sasl_failure);
    EXPECT_EQ(smtpd("warning: SASL authentication failure: Password verification failed").kind,
              Kind::unsupported);
}

TEST(DeliveryLine, TlsOfServerAndClientHasFiveParts) {
    const auto parts = [](const DeliveryLine& line) {
        EXPECT_EQ(line.kind, Kind::tls);
        const auto& t = line.tls;
        return std::vector<std::string_view>{t.trust, t.protocol, t.cipher, t.secret_bits,
                                             t.algorithm_bits};
    };
    EXPECT_THAT(
        parts(smtpd("Anonymous TLS connection established from x[192.0.2.1]: TLSv1.3 with cipher "
                    "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519")),
        ElementsAre("Anonymous", "TLSv1.3", "TLS_AES_256_GCM_SHA384", "256", "256"));
    EXPECT_THAT(parts(smtp("Verified TLS connection established to mx[2001:558:fe21:2a::6]:25: "
                           "TLSv1.2 with cipher "
                           "ECDHE-RSA-AES256-GCM-SHA384 (128/256 bits)")),
                ElementsAre("Verified", "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "128", "256"));
    EXPECT_EQ(smtp("Verified TLS connection reused to mx[192.0.2.1]:25: TLSv1.2 with cipher X "
                   "(128/256 bits)")
                  .kind,
              Kind::unsupported);
}

// ---- the others

TEST(DeliveryLine, CleanupGivesIdsRejectsDiscardsAndHolds) {
    const auto kind = [](const std::string& text) {
        return said("4F: " + text, "postfix/cleanup").kind;
    };
    EXPECT_EQ(kind("message-id=<a@b>"), Kind::cleaned);
    EXPECT_EQ(kind("message-id=without-brackets"), Kind::cleaned);
    EXPECT_EQ(kind("reject: header X-Spam: yes from x[192.0.2.1]; from=<a> to=<b>: 5.7.1 no"),
              Kind::cleanup_rejected);
    EXPECT_EQ(kind("milter-reject: END-OF-MESSAGE from x[192.0.2.1]: 5.7.1 no"),
              Kind::cleanup_not_accepted);
    EXPECT_EQ(kind("discard: header X: y from x"), Kind::cleanup_not_accepted);
    EXPECT_EQ(kind("hold: header X: y from x"), Kind::cleanup_held);
    EXPECT_EQ(kind("filter: header X: y from x"), Kind::unsupported);
}

TEST(DeliveryLine, TheQueueManagerTakesInExpiresAndRemoves) {
    const DeliveryLine queued =
        said("4F: from=<a@x>, size=1234, nrcpt=3 (queue active)", "postfix/qmgr");
    EXPECT_EQ(queued.kind, Kind::queued);
    EXPECT_EQ(queued.size, 1234);
    EXPECT_EQ(queued.recipients, 3);
    EXPECT_EQ(said("4F: from=<>, size=1, nrcpt=1 (queue active)", "postfix/qmgr").kind,
              Kind::queued);
    EXPECT_EQ(said("4F: from=<a@x>, status=expired, returned to sender", "postfix/qmgr").kind,
              Kind::expired);
    EXPECT_EQ(said("4F: from=<a@x>, status=force-expired, returned to sender", "postfix/qmgr").kind,
              Kind::expired);
    EXPECT_EQ(said("4F: removed", "postfix/qmgr").kind, Kind::removed);
    EXPECT_EQ(said("4F: removed now", "postfix/qmgr").kind, Kind::unsupported);
}

TEST(DeliveryLine, LevelsAreThoseThatBeginTheText) {
    EXPECT_EQ(smtpd("fatal: no storage").level, LogLevel::fatal);
    EXPECT_EQ(smtpd("error: x").level, LogLevel::error);
    EXPECT_EQ(smtpd("panic: x").level, LogLevel::panic);
    EXPECT_EQ(smtpd("warnings: x").level, LogLevel::none);
    EXPECT_EQ(said("4F: warning: header x", "postfix/cleanup").level, LogLevel::none);
}

}  // namespace
