// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/delivery_metrics.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace agent {
namespace {

using core::Counter;
using core::CounterInfo;
using core::DeliveryLine;
using core::Exposition;
using core::Gauge;
using core::GaugeInfo;
using core::Histogram;
using core::HistogramInfo;
using core::MetricFamily;
using Kind = DeliveryLine::Kind;
using Source = DeliveryMetrics::Source;

/// The four parts of "delays=", in their order.
constexpr std::array<std::string_view, 4> delay_stages{"before_queue_manager", "queue_manager",
                                                       "connection_setup", "transmission"};
constexpr std::array<std::string_view, 2> sources{"file", "journal"};

constexpr std::array<double, 9> delay_bounds{0.001, 0.01, 0.1, 1, 10, 60, 3600, 86400, 172800};
constexpr std::array<double, 7> size_bounds{1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
constexpr std::array<double, 8> recipient_bounds{1, 2, 4, 8, 16, 32, 64, 128};

/// Families of one counter that counts the lines of one kind.
constexpr struct {
    Kind kind;
    CounterInfo family;
} counted_kinds[] = {
    {Kind::cleaned,
     {"postfix_cleanup_messages_processed_total",
      "Total number of messages processed by cleanup."}},
    {Kind::cleanup_rejected,
     {"postfix_cleanup_messages_rejected_total", "Total number of messages rejected by cleanup."}},
    {Kind::cleanup_not_accepted,
     {"postfix_cleanup_messages_not_accepted_total",
      "Messages that cleanup discarded, or that a milter rejected or discarded there."}},
    {Kind::cleanup_held,
     {"postfix_elb_agent_cleanup_messages_held_total",
      "Messages that cleanup placed into the hold queue."}},
    {Kind::timed_out,
     {"postfix_smtp_connection_timed_out_total",
      "Total number of connections of the smtp process that could not be made in time."}},
    {Kind::bounced,
     {"postfix_bounce_non_delivery_notification_total",
      "Total number of non delivery notification sent by bounce."}},
    {Kind::removed,
     {"postfix_qmgr_messages_removed_total", "Total number of messages removed from mail queues."}},
    {Kind::expired,
     {"postfix_qmgr_messages_expired_total", "Total number of messages expired from mail queues."}},
    {Kind::connect, {"postfix_smtpd_connects_total", "Total number of incoming connections."}},
    {Kind::disconnect,
     {"postfix_smtpd_disconnects_total", "Total number of incoming disconnections."}},
    {Kind::fcrdns_error,
     {"postfix_smtpd_forward_confirmed_reverse_dns_errors_total",
      "Total number of connections for which forward-confirmed DNS cannot be resolved."}},
    {Kind::sasl_failure,
     {"postfix_smtpd_sasl_authentication_failures_total",
      "Total number of SASL authentication failures."}},
};

namespace family {
// ---- deliveries
constexpr HistogramInfo smtp_delay{"postfix_smtp_delivery_delay_seconds",
                                   "SMTP message processing time in seconds.",
                                   {"stage"},
                                   delay_bounds};
constexpr HistogramInfo lmtp_delay{"postfix_lmtp_delivery_delay_seconds",
                                   "LMTP message processing time in seconds.",
                                   {"stage"},
                                   delay_bounds};
constexpr HistogramInfo pipe_delay{"postfix_pipe_delivery_delay_seconds",
                                   "Pipe message processing time in seconds.",
                                   {"relay", "stage"},
                                   delay_bounds};
constexpr HistogramInfo delay{"postfix_elb_agent_delivery_delay_seconds",
                              "Duration of deliveries, in the four parts that Postfix logs.",
                              {"transport", "stage"},
                              delay_bounds};
constexpr CounterInfo deliveries{"postfix_elb_agent_deliveries_total",
                                 "Attempts to deliver to one recipient, by status.",
                                 {"transport", "status"}};
constexpr CounterInfo smtp_status{
    "postfix_smtp_messages_processed_total",
    "Total number of messages that have been processed by the smtp process.",
    {"status"}};
constexpr CounterInfo smtp_deferred{"postfix_smtp_deferred_messages_total",
                                    "Total number of messages that have been deferred on SMTP."};
/// A counter in all but its type: OpenMetrics requires "_total" at the end of a counter's name.
constexpr GaugeInfo smtp_status_deferred{"postfix_smtp_status_deferred",
                                         "Total number of messages deferred."};
constexpr CounterInfo smtp_tls{"postfix_smtp_tls_connections_total",
                               "Total number of outgoing TLS connections.",
                               {"trust", "protocol", "cipher", "secret_bits", "algorithm_bits"}};
constexpr CounterInfo virtual_delivered{"postfix_virtual_delivered_total",
                                        "Total number of mail delivered to a virtual mailbox."};
// ---- the queue manager
constexpr HistogramInfo queued_recipients{
    "postfix_qmgr_messages_inserted_receipients",
    "Number of receipients per message inserted into the mail queues.",
    {},
    recipient_bounds};
constexpr HistogramInfo queued_size{"postfix_qmgr_messages_inserted_size_bytes",
                                    "Size of messages inserted into the mail queues in bytes.",
                                    {},
                                    size_bounds};
// ---- smtpd
constexpr CounterInfo lost{
    "postfix_smtpd_connections_lost_total", "Total number of connections lost.", {"after_stage"}};
constexpr CounterInfo accepted{"postfix_smtpd_messages_processed_total",
                               "Total number of messages processed.",
                               {"sasl_method"}};
constexpr CounterInfo rejected{
    "postfix_smtpd_messages_rejected_total", "Total number of NOQUEUE rejects.", {"code"}};
constexpr CounterInfo all_rejected{"postfix_elb_agent_smtpd_rejects_total",
                                   "Commands that smtpd rejected, by SMTP stage, reply code and "
                                   "origin (smtpd, milter).",
                                   {"stage", "code", "by"}};
constexpr CounterInfo smtpd_tls{"postfix_smtpd_tls_connections_total",
                                "Total number of incoming TLS connections.",
                                {"trust", "protocol", "cipher", "secret_bits", "algorithm_bits"}};
// ---- all programs
constexpr CounterInfo messages{"postfix_elb_agent_log_messages_total",
                               "Warnings, errors, fatal errors and panics of Postfix.",
                               {"service", "level"}};
constexpr CounterInfo unsupported{"postfix_unsupported_log_entries_total",
                                  "Log entries that could not be processed.",
                                  {"service", "level"}};
// ---- the reader
constexpr CounterInfo lines{"postfix_elb_agent_log_lines_total",
                            "Lines of the mail log that were counted, of any program.",
                            {"source"}};
constexpr CounterInfo lines_dropped{
    "postfix_elb_agent_log_lines_dropped_total",
    "Lines that could not be counted whole: not written by a system logger (unreadable), or cut "
    "because they were too long (too_long).",
    {"why"}};
constexpr GaugeInfo source{"postfix_elb_agent_log_source",
                           "1 for the source of the counted lines; all 0 if neither can be read.",
                           {"source"}};
constexpr GaugeInfo lag{"postfix_elb_agent_log_lag_seconds",
                        "Age of the last line read, while more lines follow; 0 at the log's end."};
constexpr CounterInfo dropped{"postfix_elb_agent_series_dropped_total",
                              "Values that were not counted because their family has reached its "
                              "limit of 100 series.",
                              {"family"}};
}  // namespace family

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

/// One series for each value of the family's only label.
template <class Metric, std::size_t Size>
std::array<Metric*, Size> one_for_each(MetricFamily<Metric>& family,
                                       const std::array<std::string_view, Size>& values) {
    std::array<Metric*, Size> series{};
    std::transform(values.begin(), values.end(), series.begin(),
                   [&](std::string_view value) { return &family.add({value}); });
    return series;
}

}  // namespace

struct DeliveryMetrics::Series {
    Exposition& page;
    MetricFamily<Counter>& dropped = page.add(family::dropped);

    std::array<Counter*, index(Kind::bounced) + 1> by_kind{};  ///< nullptr: not one counter

    FourDelays smtp_delays = one_for_each(page.add(family::smtp_delay), delay_stages);
    FourDelays lmtp_delays = one_for_each(page.add(family::lmtp_delay), delay_stages);
    CappedFamily<Histogram> pipe_delays = capped(family::pipe_delay);
    MetricFamily<Histogram>& delay_family = page.add(family::delay);
    std::array<FourDelays, core::transports.size()> delays{};
    MetricFamily<Counter>& delivery_family = page.add(family::deliveries);
    std::array<std::array<Counter*, core::delivery_statuses.size()>, core::transports.size()>
        deliveries{};
    std::array<Counter*, core::delivery_statuses.size()> smtp_status =
        one_for_each(page.add(family::smtp_status), core::delivery_statuses);
    Counter& smtp_deferred = page.add_single(family::smtp_deferred);
    Gauge& smtp_status_deferred = page.add_single(family::smtp_status_deferred);
    CappedFamily<Counter> smtp_tls = capped(family::smtp_tls);
    Counter& virtual_delivered = page.add_single(family::virtual_delivered);

    Histogram& queued_recipients = page.add_single(family::queued_recipients);
    Histogram& queued_size = page.add_single(family::queued_size);

    std::array<Counter*, core::smtp_stages.size()> lost =
        one_for_each(page.add(family::lost), core::smtp_stages);
    CappedFamily<Counter> accepted = capped(family::accepted);
    CappedFamily<Counter> rejected = capped(family::rejected);
    CappedFamily<Counter> all_rejected = capped(family::all_rejected);
    CappedFamily<Counter> smtpd_tls = capped(family::smtpd_tls);

    CappedFamily<Counter> messages = capped(family::messages);
    CappedFamily<Counter> unsupported = capped(family::unsupported);

    std::array<Counter*, sources.size()> lines = one_for_each(page.add(family::lines), sources);
    MetricFamily<Counter>& lines_dropped = page.add(family::lines_dropped);
    Counter& lines_unreadable = lines_dropped.add({"unreadable"});
    Counter& lines_cut = lines_dropped.add({"too_long"});
    std::array<Gauge*, sources.size()> source = one_for_each(page.add(family::source), sources);
    Gauge& lag = page.add_single(family::lag);
    /// The time stamp of the last line, while more lines follow.
    std::optional<core::WallTime> behind_since;

    explicit Series(Exposition& exposition) : page(exposition) {
        for (const auto& row : counted_kinds) {
            by_kind[index(row.kind)] = &page.add_single(row.family);
        }
    }

    template <class Metric>
    CappedFamily<Metric> capped(const core::FamilyInfo<Metric>& family) {
        return {page.add(family), dropped.add({family.name})};
    }

    void count(const DeliveryLine& line);
    void count_delivery(const DeliveryLine& line);
    void add_transport(std::size_t transport);
    void count_smtp(const DeliveryLine& line);
    void count_reject(const DeliveryLine& line);
    void count_tls(const DeliveryLine& line);
};

/// Called at the first delivery. Why: the series of a transport that is not used are only clutter.
void DeliveryMetrics::Series::add_transport(std::size_t transport) {
    const std::string_view name = core::transports[transport];
    for (std::size_t i = 0; i < core::delivery_statuses.size(); ++i) {
        deliveries[transport][i] = &delivery_family.add({name, core::delivery_statuses[i]});
    }
    for (std::size_t i = 0; i < delay_stages.size(); ++i) {
        delays[transport][i] = &delay_family.add({name, delay_stages[i]});
    }
}

void DeliveryMetrics::Series::count_smtp(const DeliveryLine& line) {
    observe_delays(smtp_delays, line.delays);
    smtp_status[index(line.status)]->increment();
    if (line.status == core::DeliveryStatus::deferred) {
        smtp_deferred.increment();
        smtp_status_deferred.set(smtp_deferred.value());
    }
}

void DeliveryMetrics::Series::count_delivery(const DeliveryLine& line) {
    const std::size_t transport = index(line.program);
    if (deliveries[transport][0] == nullptr) {
        add_transport(transport);
    }
    deliveries[transport][index(line.status)]->increment();
    observe_delays(delays[transport], line.delays);
    switch (line.program) {
        case core::MailProgram::smtp: return count_smtp(line);
        case core::MailProgram::lmtp: return observe_delays(lmtp_delays, line.delays);
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

void increment_one(CappedFamily<Counter>& family, std::initializer_list<std::string_view> values) {
    if (Counter* counter = family.of(values)) {
        counter->increment();
    }
}

void DeliveryMetrics::Series::count_reject(const DeliveryLine& line) {
    const std::string_view stage = core::smtp_stages[line.stage];
    increment_one(all_rejected, {stage, line.code, line.by_milter ? "milter" : "smtpd"});
    if (line.noqueue && !line.by_milter && stage == "RCPT" && !line.code.empty()) {
        increment_one(rejected, {line.code});
    }
}

void DeliveryMetrics::Series::count_tls(const DeliveryLine& line) {
    const DeliveryLine::Tls& tls = line.tls;
    increment_one(line.program == core::MailProgram::smtpd ? smtpd_tls : smtp_tls,
                  {tls.trust, tls.protocol, tls.cipher, tls.secret_bits, tls.algorithm_bits});
}

void DeliveryMetrics::Series::count(const DeliveryLine& line) {
    const std::string_view level = core::log_levels[index(line.level)];
    if (line.level != core::LogLevel::none) {
        increment_one(messages, {line.service, level});
    }
    if (Counter* const counter = by_kind[index(line.kind)]) {
        return counter->increment();
    }
    switch (line.kind) {
        case Kind::unreadable: return lines_unreadable.increment();
        case Kind::unsupported: return increment_one(unsupported, {line.service, level});
        case Kind::delivery: return count_delivery(line);
        case Kind::lost: return lost[line.stage]->increment();
        case Kind::accepted: return increment_one(accepted, {line.sasl_method});
        case Kind::rejected: return count_reject(line);
        case Kind::tls: return count_tls(line);
        case Kind::queued:
            queued_size.observe(line.size);
            return queued_recipients.observe(line.recipients);
        default: return;  // foreign
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
