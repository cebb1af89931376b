// SPDX-License-Identifier: Apache-2.0
// One line of a mail log: what does it report about mail? The texts are those of
// Postfix 3.5 to 3.11: src/global/log_adhoc.c, src/smtpd/smtpd.c, src/smtpd/smtpd_chat.c,
// src/smtpd/smtpd_sasl_glue.c, src/tls/tls_misc.c, src/cleanup/cleanup_message.c,
// src/qmgr/qmgr_active.c, src/bounce/bounce_notify_service.c.
//
// Strangers choose part of these texts: addresses, host names, replies of servers. A field is
// therefore taken only from Postfix's own place and order; a text that looks like a field inside a
// quoted address, or after a part that strangers choose, is none. All views are into the line.
// Allocates nothing.
//
// The last part of the tag is the program that wrote the line, so that "postfix/smtpd",
// "postfix-in/smtpd" and "postfix/submission/smtpd" are one service. Where the tag begins with
// "postfix" every program counts as Postfix's; under another syslog_name those that this header
// knows do.
#pragma once

#include "core/maillog/mail_program.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace core {

/// How Postfix marks a failure; "" without a mark.
enum class LogLevel { none, warning, error, fatal, panic };
inline constexpr std::array<std::string_view, 5> log_levels{"", "warning", "error", "fatal",
                                                            "panic"};

/// The outcome of a delivery; the last is any other.
enum class DeliveryStatus {
    sent,
    deferred,
    bounced,
    expired,
    deliverable,
    undeliverable,
    softbounce,
    other
};
inline constexpr std::array<std::string_view, 8> delivery_statuses{
    "sent",        "deferred",      "bounced",    "expired",
    "deliverable", "undeliverable", "SOFTBOUNCE", "other"};

/// Where in a dialogue; the last is any other.
inline constexpr std::array<std::string_view, 20> smtp_stages{
    "CONNECT",        "HELO", "EHLO",     "MAIL",     "RCPT",    "DATA", "BDAT",
    "END-OF-MESSAGE", "AUTH", "STARTTLS", "RSET",     "NOOP",    "VRFY", "ETRN",
    "QUIT",           "HELP", "XCLIENT",  "XFORWARD", "UNKNOWN", "other"};

struct DeliveryLine {
    enum class Kind {
        unreadable,    ///< nothing that a system logger writes
        foreign,       ///< of another program than Postfix's
        unsupported,   ///< of Postfix, and none of the kinds below
        delivery,      ///< one recipient's: status, relay, delays, delivered_to_maildir
        connect,       ///< smtpd: a client connected
        disconnect,    ///< smtpd: it disconnected
        lost,          ///< smtpd: it vanished without QUIT; stage
        fcrdns_error,  ///< smtpd: the client's name does not resolve to its address
        accepted,      ///< smtpd: a message begins; sasl_method ("" without)
        rejected,      ///< smtpd: stage, code ("" where a milter gave none), noqueue, by_milter
        sasl_failure,  ///< smtpd: authentication failed
        tls,           ///< smtpd and smtp: tls
        timed_out,     ///< smtp: a connection could not be made in time
        cleaned,       ///< cleanup: a message has got its id
        cleanup_rejected,
        cleanup_not_accepted,  ///< cleanup: discarded, or rejected by a milter
        cleanup_held,
        queued,   ///< qmgr: size, recipients
        removed,  ///< qmgr
        expired,  ///< qmgr
        bounced,  ///< bounce: a sender was notified
    };
    struct Tls {
        std::string_view trust;  ///< Anonymous, Untrusted, Trusted, Verified
        std::string_view protocol;
        std::string_view cipher;
        std::string_view secret_bits;
        std::string_view algorithm_bits;
    };

    Kind kind = Kind::unreadable;
    MailProgram program = MailProgram::other;
    LogLevel level = LogLevel::none;
    DeliveryStatus status = DeliveryStatus::other;
    bool noqueue = false;                         ///< nothing of a message was accepted before
    bool by_milter = false;                       ///< by a milter, not by smtpd's restrictions
    bool delivered_to_maildir = false;            ///< virtual(8), to its end
    std::uint8_t stage = smtp_stages.size() - 1;  ///< an index of smtp_stages
    std::string_view service;  ///< the program's name; "other" for one that is not known
    std::string_view relay;
    std::array<double, 4>
        delays{};  ///< in seconds: before the queue manager, in it, setting up, transmitting
    std::string_view code;  ///< three digits
    std::string_view sasl_method;
    Tls tls;
    double size = 0;  ///< bytes
    double recipients = 0;
};

/// `line` is without its newline.
[[nodiscard]] DeliveryLine parse_delivery_line(std::string_view line);

/// Whether a tag without its "[pid]" is of Postfix.
[[nodiscard]] bool is_postfix_tag(std::string_view tag);

}  // namespace core
