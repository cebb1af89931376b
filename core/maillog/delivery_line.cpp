// SPDX-License-Identifier: Apache-2.0
#include "core/maillog/delivery_line.hpp"

#include "core/base/text_fields.hpp"
#include "core/maillog/log_time.hpp"
#include "core/maillog/mail_program.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace core {
namespace {

using Kind = DeliveryLine::Kind;

bool take(std::string_view& text, std::string_view beginning) {
    const bool there = text.starts_with(beginning);
    text.remove_prefix(there ? beginning.size() : 0);
    return there;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes "0.12" off the front.
std::optional<double> take_decimal(std::string_view& text) {
    constexpr std::size_t longest = 15;  // the precision of a double
    double value = 0;
    double weight = 1;
    bool fraction = false;
    std::size_t length = 0;
    for (; length < text.size() && (is_digit(text[length]) || (text[length] == '.' && !fraction));
         ++length) {
        if (text[length] == '.') {
            fraction = true;
            continue;
        }
        value = value * 10 + (text[length] - '0');
        weight *= fraction ? 10 : 1;
    }
    if (length == 0 || length > longest || text.front() == '.') {
        return std::nullopt;
    }
    text.remove_prefix(length);
    return value / weight;
}

/// Takes "<address>" off the front, as Postfix quotes it: a ">" in a quoted local part does not end
/// it.
bool take_address(std::string_view& text) {
    if (!text.starts_with('<')) {
        return false;
    }
    bool quoted = false;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == '>' && !quoted) {
            text.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

/// Takes "60B27201DD: ", short or long, or "NOQUEUE: " off the front.
std::string_view take_queue_id(std::string_view& text) {
    const auto end = std::find_if(text.begin(), text.end(), [](char c) {
        return !is_digit(c) && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
    });
    const auto size = static_cast<std::size_t>(end - text.begin());
    if (size == 0 || !text.substr(size).starts_with(": ")) {
        return {};
    }
    const std::string_view id = text.substr(0, size);
    text.remove_prefix(size + 2);
    return id;
}

template <std::size_t Size>
std::size_t index_in(const std::array<std::string_view, Size>& names, std::string_view name) {
    const auto found = std::find(names.begin(), names.end() - 1, name);  // the last is any other
    return static_cast<std::size_t>(found - names.begin());
}

std::uint8_t stage_named(std::string_view name) {
    return static_cast<std::uint8_t>(index_in(smtp_stages, name));
}

/// "to=<a>, orig_to=<b>, relay=c, conn_use=2, delay=1, delays=a/b/c/d, tls=dane, dsn=2.0.0,
/// status=sent (...)". The level of TLS is there since Postfix 3.11.
Kind read_delivery(std::string_view text, DeliveryLine& line) {
    if (!take(text, "to=") || !take_address(text) ||
        (take(text, ", orig_to=") && !take_address(text)) || !take(text, ", relay=")) {
        return Kind::unsupported;
    }
    line.relay = text.substr(0, text.find(','));
    text.remove_prefix(line.relay.size());
    if (take(text, ", conn_use=")) {
        static_cast<void>(take_decimal(text));
    }
    if (!take(text, ", delay=") || !take_decimal(text) || !take(text, ", delays=")) {
        return Kind::unsupported;
    }
    for (std::size_t i = 0; i < line.delays.size(); ++i) {
        const auto delay = i == 0 || take(text, "/") ? take_decimal(text) : std::nullopt;
        if (!delay) {
            return Kind::unsupported;
        }
        line.delays[i] = *delay;
    }
    if (take(text, ", tls=")) {
        text.remove_prefix(std::min(text.find(','), text.size()));
    }
    if (!take(text, ", dsn=")) {
        return Kind::unsupported;
    }
    text.remove_prefix(std::min(text.find(','), text.size()));
    if (!take(text, ", status=")) {
        return Kind::unsupported;
    }
    line.status = static_cast<DeliveryStatus>(index_in(delivery_statuses, take_until(text, ' ')));
    line.delivered_to_maildir =
        line.status == DeliveryStatus::sent && text == "(delivered to maildir)";
    return Kind::delivery;
}

/// "Verified TLS connection established to host[address]:25: TLSv1.3 with cipher X (256/256 bits)
/// ...".
bool read_tls(std::string_view text, std::string_view direction, DeliveryLine::Tls& tls) {
    tls.trust = take_until(text, ' ');
    if (!take(text, "TLS connection established ") || !take(text, direction)) {
        return false;
    }
    const auto peer_end = text.find(": ");
    if (peer_end == std::string_view::npos) {
        return false;
    }
    text.remove_prefix(peer_end + 2);
    tls.protocol = take_until(text, ' ');
    if (!take(text, "with cipher ")) {
        return false;
    }
    tls.cipher = take_until(text, ' ');
    if (!take(text, "(")) {
        return false;
    }
    tls.secret_bits = take_until(text, '/');
    tls.algorithm_bits = take_until(text, ' ');
    return text.starts_with("bits)");
}

/// "connect to host[address]:25: Connection timed out".
bool is_connect_timeout(std::string_view text) {
    return text.starts_with("connect to ") && text.ends_with(": Connection timed out");
}

Kind read_client(std::string_view text, DeliveryLine& line) {
    std::string_view behind_id = text;
    if (!take_queue_id(behind_id).empty() && behind_id.starts_with("to=")) {
        return read_delivery(behind_id, line);
    }
    if (line.program != MailProgram::smtp) {
        return Kind::unsupported;
    }
    if (is_connect_timeout(text)) {
        return Kind::timed_out;
    }
    return read_tls(text, "to ", line.tls) ? Kind::tls : Kind::unsupported;
}

/// "RCPT from host[address]: 554 5.7.1 ...". An address of IPv6 has colons, and no blank behind
/// one.
Kind read_reject(std::string_view text, DeliveryLine& line) {
    line.stage = stage_named(take_until(text, ' '));
    const auto from = text.find("from ");
    const auto end = text.find(": ", from == std::string_view::npos ? 0 : from);
    if (from == std::string_view::npos || end == std::string_view::npos) {
        return Kind::unsupported;
    }
    const std::string_view code = text.substr(end + 2, 3);
    const bool is_code = code.size() == 3 && std::all_of(code.begin(), code.end(), is_digit);
    line.code = is_code ? code : std::string_view();
    return Kind::rejected;
}

/// "client=host[address], sasl_method=PLAIN, sasl_username=user".
Kind read_accepted(std::string_view text, DeliveryLine& line) {
    constexpr std::string_view key = ", sasl_method=";
    const auto method = text.find(key);
    if (method != std::string_view::npos) {
        text.remove_prefix(method + key.size());
        line.sasl_method = text.substr(0, text.find(','));
    }
    return Kind::accepted;
}

/// Without "warning: ". "host[address]: SASL PLAIN authentication failed: ...".
Kind read_smtpd_warning(std::string_view text) {
    if (take(text, "hostname ")) {
        take_until(text, ' ');
        return text.starts_with("does not resolve to address ") ? Kind::fcrdns_error
                                                                : Kind::unsupported;
    }
    const std::string_view client = take_until(text, ' ');
    if (!client.ends_with(':') || !take(text, "SASL ")) {
        return Kind::unsupported;
    }
    take_until(text, ' ');
    return text.starts_with("authentication failed: ") ? Kind::sasl_failure : Kind::unsupported;
}

Kind read_smtpd(std::string_view text, DeliveryLine& line) {
    if (line.level != LogLevel::none) {
        return take(text, "warning: ") ? read_smtpd_warning(text) : Kind::unsupported;
    }
    if (text.starts_with("connect from ")) {
        return Kind::connect;
    }
    if (text.starts_with("disconnect from ")) {
        return Kind::disconnect;
    }
    std::string_view behind_id = text;
    const std::string_view id = take_queue_id(behind_id);
    line.noqueue = id == "NOQUEUE";
    if (take(behind_id, "lost connection after ")) {
        line.stage = stage_named(take_until(behind_id, ' '));
        return behind_id.find("from ") != std::string_view::npos ? Kind::lost : Kind::unsupported;
    }
    if (id.empty()) {
        return read_tls(text, "from ", line.tls) ? Kind::tls : Kind::unsupported;
    }
    if (behind_id.starts_with("client=")) {
        return read_accepted(behind_id, line);
    }
    line.by_milter = take(behind_id, "milter-");
    return take(behind_id, "reject: ") ? read_reject(behind_id, line) : Kind::unsupported;
}

Kind read_cleanup(std::string_view text) {
    constexpr std::array texts{
        std::pair{std::string_view("message-id="), Kind::cleaned},
        std::pair{std::string_view("reject: "), Kind::cleanup_rejected},
        std::pair{std::string_view("milter-reject: "), Kind::cleanup_not_accepted},
        std::pair{std::string_view("milter-discard: "), Kind::cleanup_not_accepted},
        std::pair{std::string_view("discard: "), Kind::cleanup_not_accepted},
        std::pair{std::string_view("hold: "), Kind::cleanup_held},
        std::pair{std::string_view("milter-hold: "), Kind::cleanup_held},
    };
    if (take_queue_id(text).empty()) {
        return Kind::unsupported;
    }
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [text](const auto& s) { return text.starts_with(s.first); });
    return found == texts.end() ? Kind::unsupported : found->second;
}

Kind read_qmgr(std::string_view text, DeliveryLine& line) {
    if (take_queue_id(text).empty()) {
        return Kind::unsupported;
    }
    if (text == "removed") {
        return Kind::removed;
    }
    if (!take(text, "from=") || !take_address(text)) {
        return Kind::unsupported;
    }
    if (take(text, ", status=")) {
        static_cast<void>(take(text, "force-"));
        return text.starts_with("expired, returned to sender") ? Kind::expired : Kind::unsupported;
    }
    const auto size = take(text, ", size=") ? take_decimal(text) : std::nullopt;
    const auto recipients = size && take(text, ", nrcpt=") ? take_decimal(text) : std::nullopt;
    line.size = size.value_or(0);
    line.recipients = recipients.value_or(0);
    return recipients ? Kind::queued : Kind::unsupported;
}

Kind read_bounce(std::string_view text) {
    return !take_queue_id(text).empty() && text.starts_with("sender non-delivery notification: ")
               ? Kind::bounced
               : Kind::unsupported;
}

Kind read_text(std::string_view text, DeliveryLine& line) {
    switch (line.program) {
        case MailProgram::smtpd: return read_smtpd(text, line);
        case MailProgram::cleanup: return read_cleanup(text);
        case MailProgram::qmgr: return read_qmgr(text, line);
        case MailProgram::bounce: return read_bounce(text);
        case MailProgram::other: return Kind::unsupported;
        default: return read_client(text, line);
    }
}

LogLevel level_of(std::string_view text) {
    for (std::size_t i = 1; i < log_levels.size(); ++i) {
        if (text.starts_with(log_levels[i]) &&
            text.substr(log_levels[i].size()).starts_with(": ")) {
            return static_cast<LogLevel>(i);
        }
    }
    return LogLevel::none;
}

}  // namespace

DeliveryLine parse_delivery_line(std::string_view line) {
    DeliveryLine parsed;
    std::string_view text = after_log_time(line);
    take_until(text, ' ');  // the host's name
    const std::string_view word = take_until(text, ' ');
    if (!word.ends_with(':')) {
        return parsed;
    }
    std::string_view tag = word.substr(0, word.size() - 1);
    tag = tag.substr(0, tag.ends_with(']') ? tag.rfind('[') : std::string_view::npos);
    const NamedProgram* program = program_of_tag(tag);
    if (program == nullptr) {
        parsed.kind = Kind::foreign;
        return parsed;
    }
    parsed.program = program->program;
    parsed.service = program->name;
    parsed.level = level_of(text);
    parsed.kind = read_text(text, parsed);
    return parsed;
}

bool is_postfix_tag(std::string_view tag) {
    return program_of_tag(tag) != nullptr;
}

}  // namespace core
