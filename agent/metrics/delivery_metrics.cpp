// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/delivery_metrics.hpp"

#include "agent/metrics/capped_family.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace agent {
namespace {

using core::Counter;
using core::DeliveryLine;
using core::Exposition;
using core::Gauge;
using core::Histogram;
using core::MetricFamily;
using Kind = DeliveryLine::Kind;
using Source = DeliveryMetrics::Source;

/// The four parts of "delays=", in their order.
constexpr std::array<std::string_view, 4> delay_stages{"before_queue_manager", "queue_manager",
                                                       "connection_setup", "transmission"};
constexpr std::array<std::string_view, 2> sources{"file", "journal"};
constexpr std::array<std::string_view, 5> tls_labels{"trust", "protocol", "cipher", "secret_bits",
                                                     "algorithm_bits"};

std::vector<double> delay_bounds() {
    return {0.001, 0.01, 0.1, 1, 10, 60, 3600, 86400, 172800};
}
std::vector<double> size_bounds() {
    return {1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
}
std::vector<double> recipient_bounds() {
    return {1, 2, 4, 8, 16, 32, 64, 128};
}

template <class E>
constexpr std::size_t index(E value) {
    return static_cast<std::size_t>(value);
}

using FourDelays = std::array<Histogram*, delay_stages.size()>;

void observe_delays(const FourDelays& parts, const std::array<double, 4>& delays) {
    for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i]->observe(delays[i]);
    }
}

FourDelays staged(MetricFamily<Histogram>& family) {
    FourDelays parts{};
    std::transform(delay_stages.begin(), delay_stages.end(), parts.begin(),
                   [&](std::string_view stage) {
                       return &family.add({{"stage", stage}});
                   });
    return parts;
}

template <std::size_t Size>
std::array<Counter*, Size> one_for_each(MetricFamily<Counter>& family, std::string_view label,
                                        const std::array<std::string_view, Size>& values) {
    std::array<Counter*, Size> counters{};
    std::transform(values.begin(), values.end(), counters.begin(), [&](std::string_view value) {
        return &family.add({{label, value}});
    });
    return counters;
}

}  // namespace

struct DeliveryMetrics::Series {
    Exposition& exposition;

    MetricFamily<Counter>& dropped = exposition.counters(
        "postfix_elb_agent_series_dropped_total",
        "What was not counted because its family has all the series it may have.");

    template <std::size_t Labels>
    CappedFamily<Counter, Labels> capped(std::string_view name, std::string_view help,
                                         const std::array<std::string_view, Labels>& labels) {
        return {exposition.counters(name, help), labels, max_series, max_label_value,
                dropped.add({{"family", name}})};
    }
    Counter& single(std::string_view name, std::string_view help) {
        return exposition.counters(name, help).add();
    }

    // ---- cleanup
    Counter& cleaned = single("postfix_cleanup_messages_processed_total",
                              "Total number of messages processed by cleanup.");
    Counter& cleanup_rejected = single("postfix_cleanup_messages_rejected_total",
                                       "Total number of messages rejected by cleanup.");
    Counter& cleanup_not_accepted =
        single("postfix_cleanup_messages_not_accepted_total",
               "Messages that cleanup discarded, or that a milter rejected or discarded there.");
    Counter& cleanup_held = single("postfix_elb_agent_cleanup_messages_held_total",
                                   "Messages that cleanup placed into the hold queue.");

    // ---- deliveries
    MetricFamily<Histogram>& smtp_delay_family =
        exposition.histograms("postfix_smtp_delivery_delay_seconds",
                              "SMTP message processing time in seconds.", delay_bounds());
    FourDelays smtp_delays = staged(smtp_delay_family);
    MetricFamily<Histogram>& lmtp_delay_family =
        exposition.histograms("postfix_lmtp_delivery_delay_seconds",
                              "LMTP message processing time in seconds.", delay_bounds());
    FourDelays lmtp_delays = staged(lmtp_delay_family);
    CappedFamily<Histogram, 2> pipe_delays{
        exposition.histograms("postfix_pipe_delivery_delay_seconds",
                              "Pipe message processing time in seconds.", delay_bounds()),
        {"relay", "stage"},
        max_series,
        max_label_value,
        dropped.add({{"family", "postfix_pipe_delivery_delay_seconds"}})};
    MetricFamily<Histogram>& delay_family = exposition.histograms(
        "postfix_elb_agent_delivery_delay_seconds",
        "Time that a delivery took, by the four parts of it that Postfix logs.", delay_bounds());
    std::array<FourDelays, core::transports.size()> delays{};
    MetricFamily<Counter>& delivery_family =
        exposition.counters("postfix_elb_agent_deliveries_total",
                            "Attempts to deliver to one recipient, by their end.");
    std::array<std::array<Counter*, core::delivery_statuses.size()>, core::transports.size()>
        deliveries{};
    MetricFamily<Counter>& smtp_status_family = exposition.counters(
        "postfix_smtp_messages_processed_total",
        "Total number of messages that have been processed by the smtp process.");
    std::array<Counter*, core::delivery_statuses.size()> smtp_status =
        one_for_each(smtp_status_family, "status", core::delivery_statuses);
    Counter& smtp_deferred = single("postfix_smtp_deferred_messages_total",
                                    "Total number of messages that have been deferred on SMTP.");
    // A counter in all but its type: OpenMetrics wants a counter's name to end in "_total".
    Gauge& smtp_status_deferred =
        exposition.gauges("postfix_smtp_status_deferred", "Total number of messages deferred.")
            .add();
    Counter& smtp_timed_out =
        single("postfix_smtp_connection_timed_out_total",
               "Total number of connections of the smtp process that could not be made in time.");
    CappedFamily<Counter, 5> smtp_tls =
        capped("postfix_smtp_tls_connections_total", "Total number of outgoing TLS connections.",
               tls_labels);
    Counter& virtual_delivered = single("postfix_virtual_delivered_total",
                                        "Total number of mail delivered to a virtual mailbox.");
    Counter& bounced = single("postfix_bounce_non_delivery_notification_total",
                              "Total number of non delivery notification sent by bounce.");

    // ---- the queue manager
    Histogram& queued_recipients =
        exposition
            .histograms("postfix_qmgr_messages_inserted_receipients",
                        "Number of receipients per message inserted into the mail queues.",
                        recipient_bounds())
            .add();
    Histogram& queued_size =
        exposition
            .histograms("postfix_qmgr_messages_inserted_size_bytes",
                        "Size of messages inserted into the mail queues in bytes.", size_bounds())
            .add();
    Counter& removed = single("postfix_qmgr_messages_removed_total",
                              "Total number of messages removed from mail queues.");
    Counter& expired = single("postfix_qmgr_messages_expired_total",
                              "Total number of messages expired from mail queues.");

    // ---- the server
    Counter& connects =
        single("postfix_smtpd_connects_total", "Total number of incoming connections.");
    Counter& disconnects =
        single("postfix_smtpd_disconnects_total", "Total number of incoming disconnections.");
    Counter& fcrdns_errors =
        single("postfix_smtpd_forward_confirmed_reverse_dns_errors_total",
               "Total number of connections for which forward-confirmed DNS cannot be resolved.");
    MetricFamily<Counter>& lost_family = exposition.counters("postfix_smtpd_connections_lost_total",
                                                             "Total number of connections lost.");
    std::array<Counter*, core::smtp_stages.size()> lost =
        one_for_each(lost_family, "after_stage", core::smtp_stages);
    CappedFamily<Counter, 1> accepted =
        capped<1>("postfix_smtpd_messages_processed_total", "Total number of messages processed.",
                  {"sasl_method"});
    CappedFamily<Counter, 1> rejected = capped<1>("postfix_smtpd_messages_rejected_total",
                                                  "Total number of NOQUEUE rejects.", {"code"});
    CappedFamily<Counter, 3> all_rejected =
        capped<3>("postfix_elb_agent_smtpd_rejects_total",
                  "Commands that smtpd rejected, by the stage of the dialogue, the reply's code "
                  "and who decided.",
                  {"stage", "code", "by"});
    Counter& sasl_failures = single("postfix_smtpd_sasl_authentication_failures_total",
                                    "Total number of SASL authentication failures.");
    CappedFamily<Counter, 5> smtpd_tls =
        capped("postfix_smtpd_tls_connections_total", "Total number of incoming TLS connections.",
               tls_labels);

    // ---- every program
    CappedFamily<Counter, 2> messages =
        capped<2>("postfix_elb_agent_log_messages_total",
                  "Warnings, errors, fatal errors and panics of Postfix.", {"service", "level"});
    CappedFamily<Counter, 2> unsupported =
        capped<2>("postfix_unsupported_log_entries_total",
                  "Log entries that could not be processed.", {"service", "level"});

    // ---- the reading itself
    MetricFamily<Counter>& line_family =
        exposition.counters("postfix_elb_agent_log_lines_total",
                            "Lines of the mail log that were counted, of any program.");
    std::array<Counter*, sources.size()> lines = one_for_each(line_family, "source", sources);
    MetricFamily<Counter>& lines_dropped =
        exposition.counters("postfix_elb_agent_log_lines_dropped_total",
                            "Lines that could not be counted as they are: no line of a system "
                            "logger, or so long that they were cut.");
    Counter& lines_unreadable = lines_dropped.add({{"why", "unreadable"}});
    Counter& lines_cut = lines_dropped.add({{"why", "too_long"}});
    MetricFamily<Gauge>& source_family =
        exposition.gauges("postfix_elb_agent_log_source",
                          "1 for where the counted lines come from; all 0: from nowhere.");
    std::array<Gauge*, sources.size()> source{&source_family.add({{"source", sources[0]}}),
                                              &source_family.add({{"source", sources[1]}})};
    Gauge& lag =
        exposition
            .gauges("postfix_elb_agent_log_lag_seconds",
                    "How old the last line is that was read, while there are more to read; else 0.")
            .add();
    std::optional<core::WallTime>
        behind_since;  ///< the stamp of the last line, while there are more

    explicit Series(Exposition& made_in) : exposition(made_in) {}

    void count(const DeliveryLine& line);
    void count_delivery(const DeliveryLine& line);
    void count_reject(const DeliveryLine& line);
    void count_tls(const DeliveryLine& line);
};

/// The series of a transport that nobody uses would only be in the way.
void DeliveryMetrics::Series::count_delivery(const DeliveryLine& line) {
    const std::size_t transport = index(line.program);
    if (deliveries[transport][0] == nullptr) {
        const std::string_view name = core::transports[transport];
        for (std::size_t i = 0; i < core::delivery_statuses.size(); ++i) {
            deliveries[transport][i] =
                &delivery_family.add({{"transport", name}, {"status", core::delivery_statuses[i]}});
        }
        for (std::size_t i = 0; i < delay_stages.size(); ++i) {
            delays[transport][i] =
                &delay_family.add({{"transport", name}, {"stage", delay_stages[i]}});
        }
    }
    deliveries[transport][index(line.status)]->increment();
    observe_delays(delays[transport], line.delays);
    switch (line.program) {
        case core::MailProgram::smtp:
            observe_delays(smtp_delays, line.delays);
            smtp_status[index(line.status)]->increment();
            if (line.status == core::DeliveryStatus::deferred) {
                smtp_deferred.increment();
                smtp_status_deferred.set(smtp_deferred.value());
            }
            return;
        case core::MailProgram::lmtp: observe_delays(lmtp_delays, line.delays); return;
        case core::MailProgram::pipe:
            for (std::size_t i = 0; i < delay_stages.size(); ++i) {
                if (Histogram* part = pipe_delays.of({line.relay, delay_stages[i]})) {
                    part->observe(line.delays[i]);
                }
            }
            return;
        case core::MailProgram::virtual_:
            if (line.delivered_to_maildir) {
                virtual_delivered.increment();
            }
            return;
        default: return;
    }
}

template <class Family, class Values>
void increment_one(Family& family, const Values& values) {
    if (Counter* counter = family.of(values)) {
        counter->increment();
    }
}

void DeliveryMetrics::Series::count_reject(const DeliveryLine& line) {
    const std::string_view stage = core::smtp_stages[line.stage];
    const std::string_view by = line.by_milter ? "milter" : "smtpd";
    increment_one(all_rejected, std::array{stage, line.code, by});
    if (line.noqueue && !line.by_milter && stage == "RCPT" && !line.code.empty()) {
        increment_one(rejected, std::array{line.code});
    }
}

void DeliveryMetrics::Series::count_tls(const DeliveryLine& line) {
    const DeliveryLine::Tls& tls = line.tls;
    increment_one(
        line.program == core::MailProgram::smtpd ? smtpd_tls : smtp_tls,
        std::array{tls.trust, tls.protocol, tls.cipher, tls.secret_bits, tls.algorithm_bits});
}

void DeliveryMetrics::Series::count(const DeliveryLine& line) {
    if (line.level != core::LogLevel::none) {
        increment_one(messages, std::array{line.service, core::log_levels[index(line.level)]});
    }
    switch (line.kind) {
        case Kind::unreadable: return lines_unreadable.increment();
        case Kind::foreign: return;
        case Kind::unsupported:
            return increment_one(unsupported,
                                 std::array{line.service, core::log_levels[index(line.level)]});
        case Kind::delivery: return count_delivery(line);
        case Kind::connect: return connects.increment();
        case Kind::disconnect: return disconnects.increment();
        case Kind::lost: return lost[line.stage]->increment();
        case Kind::fcrdns_error: return fcrdns_errors.increment();
        case Kind::accepted: return increment_one(accepted, std::array{line.sasl_method});
        case Kind::rejected: return count_reject(line);
        case Kind::sasl_failure: return sasl_failures.increment();
        case Kind::tls: return count_tls(line);
        case Kind::timed_out: return smtp_timed_out.increment();
        case Kind::cleaned: return cleaned.increment();
        case Kind::cleanup_rejected: return cleanup_rejected.increment();
        case Kind::cleanup_not_accepted: return cleanup_not_accepted.increment();
        case Kind::cleanup_held: return cleanup_held.increment();
        case Kind::queued:
            queued_size.observe(line.size);
            return queued_recipients.observe(line.recipients);
        case Kind::removed: return removed.increment();
        case Kind::expired: return expired.increment();
        case Kind::bounced: return bounced.increment();
    }
}

DeliveryMetrics::DeliveryMetrics(Exposition& exposition)
    : series_(std::make_unique<Series>(exposition)) {
}
DeliveryMetrics::~DeliveryMetrics() = default;

void DeliveryMetrics::count(std::string_view line, Source source) {
    series_->lines[index(source)]->increment();
    series_->count(core::parse_delivery_line(line));
}

void DeliveryMetrics::set_source(std::optional<Source> source) {
    for (std::size_t i = 0; i < sources.size(); ++i) {
        series_->source[i]->set(source && index(*source) == i ? 1 : 0);
    }
}

void DeliveryMetrics::set_behind(std::optional<core::WallTime> stamp) {
    series_->behind_since = stamp;
}

void DeliveryMetrics::set_lines_cut(std::uint64_t total) {
    series_->lines_cut.raise_to(static_cast<double>(total));
}

void DeliveryMetrics::observe(core::WallTime now) {
    const std::chrono::duration<double> lag = now - series_->behind_since.value_or(now);
    series_->lag.set(std::max(lag.count(), 0.0));
}

}  // namespace agent
