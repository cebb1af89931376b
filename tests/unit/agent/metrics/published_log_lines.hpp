// SPDX-License-Identifier: Apache-2.0
// The log lines that kumina/postfix_exporter publishes with its tests (postfix_exporter_test.go, as
// of February 2024), as data, each as often as they stand there.
#pragma once

#include <array>

namespace tests {

// clang-format off
inline constexpr std::array<const char*, 51> published_log_lines{
    R"line(Feb 11 16:49:24 letterman postfix/qmgr[8204]: AAB4D259B1: removed)line",
    R"line(Feb 11 16:49:24 letterman postfix/qmgr[8204]: AAB4D259B1: removed)line",
    R"line(Feb 11 16:49:24 letterman postfix/qmgr[8204]: C2032259E6: removed)line",
    R"line(Feb 11 16:49:24 letterman postfix/qmgr[8204]: B83C4257DC: removed)line",
    R"line(Feb 11 16:49:24 letterman postfix/qmgr[8204]: 721BE256EA: removed)line",
    R"line(Feb 11 16:49:25 letterman postfix/qmgr[8204]: CA94A259EB: removed)line",
    R"line(Feb 11 16:49:25 letterman postfix/qmgr[8204]: AC1E3259E1: removed)line",
    R"line(Feb 11 16:49:25 letterman postfix/qmgr[8204]: D114D221E3: removed)line",
    R"line(Feb 11 16:49:25 letterman postfix/qmgr[8204]: A55F82104D: removed)line",
    R"line(Feb 11 16:49:25 letterman postfix/qmgr[8204]: D6DAA259BC: removed)line",
    R"line(Feb 11 16:49:25 letterman postfix/qmgr[8204]: E3908259F0: removed)line",
    R"line(Feb 11 16:49:25 letterman postfix/qmgr[8204]: 0CBB8259BF: removed)line",
    R"line(Feb 11 16:49:25 letterman postfix/qmgr[8204]: EA3AD259F2: removed)line",
    R"line(Feb 11 16:49:25 letterman postfix/qmgr[8204]: DDEF824B48: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 289AF21DB9: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 6192B260E8: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: F2831259F4: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 09D60259F8: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 13A19259FA: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 2D42722065: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 746E325A0E: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 4D2F125A02: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: E30BC259EF: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: DC88924DA1: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 2164B259FD: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 8C30525A14: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: 8DCCE25A15: removed)line",
    R"line(Feb 11 16:49:26 letterman postfix/qmgr[8204]: C5217255D5: removed)line",
    R"line(Feb 11 16:49:27 letterman postfix/qmgr[8204]: D8EE625A28: removed)line",
    R"line(Feb 11 16:49:27 letterman postfix/qmgr[8204]: 9AD7C25A19: removed)line",
    R"line(Feb 11 16:49:27 letterman postfix/qmgr[8204]: D0EEE2596C: removed)line",
    R"line(Feb 11 16:49:27 letterman postfix/qmgr[8204]: DFE732172E: removed)line",
    R"line(Apr 10 14:50:16 mail postfix/qmgr[3663]: BACE842E72: from=<noreply@domain.com>, status=expired, returned to sender)line",
    R"line(Apr 10 14:50:16 mail postfix/qmgr[3663]: BACE842E73: from=<noreply@domain.com>, status=force-expired, returned to sender)line",
    R"line(Apr 26 10:55:19 tcc1 postfix/smtpd[21126]: warning: SASL authentication failure: cannot connect to saslauthd server: Permission denied)line",
    R"line(Apr 26 10:55:19 tcc1 postfix/smtpd[21126]: warning: SASL authentication failure: Password verification failed)line",
    R"line(Apr 26 10:55:19 tcc1 postfix/smtpd[21126]: warning: laptop.local[192.168.1.2]: SASL PLAIN authentication failed: generic failure)line",
    R"line(Oct 30 13:19:26 mailgw-out1 postfix/smtpd[27530]: EB4B2C19E2: client=xxx[1.2.3.4], sasl_method=PLAIN, sasl_username=user@domain)line",
    R"line(Feb 24 16:42:00 letterman postfix/smtpd[24906]: 1CF582025C: client=xxx[2.3.4.5])line",
    R"line(Jul 24 04:38:17 mail postfix/smtp[30582]: Verified TLS connection established to gmail-smtp-in.l.google.com[108.177.14.26]:25: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)line",
    R"line(Jul 24 03:28:15 mail postfix/smtp[24052]: Verified TLS connection established to mx2.comcast.net[2001:558:fe21:2a::6]:25: TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits))line",
    R"line(Feb 24 16:18:40 letterman postfix/smtp[59649]: 5270320179: to=<hebj@telia.com>, relay=mail.telia.com[81.236.60.210]:25, delay=2017, delays=0.1/2017/0.03/0.05, dsn=2.0.0, status=sent (250 2.0.0 6FVIjIMwUJwU66FVIjAEB0 mail accepted for delivery))line",
    R"line(Dec 29 02:54:09 mail postfix/smtp[7648]: 732BB407C3: host mail.domain.com[1.1.1.1] said: 451 DT:SPM 163 mx13,P8CowECpNVM_oEVaenoEAQ--.23796S3 1514512449, please try again 15min later (in reply to end of DATA command))line",
    R"line(Dec 29 02:54:12 mail postfix/smtp[7648]: 732BB407C3: to=<redacted@domain.com>, relay=mail.domain.com[1.1.1.1]:25, delay=6.2, delays=0.1/0/5.2/0.87, dsn=4.0.0, status=deferred (host mail.domain.com[1.1.1.1] said: 451 DT:SPM 163 mx40,WsCowAAnEhlCoEVa5GjcAA--.20089S3 1514512452, please try again 15min later (in reply to end of DATA command)))line",
    R"line(Dec 29 03:03:48 mail postfix/smtp[8492]: 732BB407C3: to=<redacted@domain.com>, relay=mail.domain.com[1.1.1.1]:25, delay=582, delays=563/16/1.7/0.81, dsn=5.0.0, status=bounced (host mail.domain.com[1.1.1.1] said: 554 DT:SPM 163 mx9,O8CowEDJVFKCokVaRhz+AA--.26016S3 1514513028,please see http://mail.domain.com/help/help_spam.htm?ip= (in reply to end of DATA command)))line",
    R"line(Dec 29 03:03:48 mail postfix/bounce[9321]: 732BB407C3: sender non-delivery notification: 5DE184083C)line",
    R"line(Apr  7 15:35:20 123-mail postfix/virtual[20235]: 199041033BE: to=<me@domain.fr>, relay=virtual, delay=0.08, delays=0.08/0/0/0, dsn=2.0.0, status=sent (delivered to maildir))line",
    R"line(Feb 14 19:05:25 123-mail postfix/smtpd[1517]: table hash:/etc/postfix/virtual_mailbox_maps(0,lock|fold_fix) has changed -- restarting)line",
    R"line(Mar 16 12:28:02 123-mail postfix/smtpd[16268]: fatal: file /etc/postfix/main.cf: parameter default_privs: unknown user name value: nobody)line",
    R"line(Mar 16 23:30:44 123-mail postfix/qmgr[29980]: warning: please avoid flushing the whole queue when you have)line",
    R"line(Mar 16 23:30:44 123-mail postfix/qmgr[29980]: warning: lots of deferred mail, that is bad for performance)line",
};
// clang-format on

}  // namespace tests
