// SPDX-License-Identifier: Apache-2.0
// The families of DeliveryMetrics: one row each, and the tables that give the order of the page.
// A family that is missing in page_order makes DeliveryFamilies::of() throw std::out_of_range when
// the server starts.
#pragma once

#include "core/exposition/exposition.hpp"
#include "core/maillog/delivery_line.hpp"

#include <array>
#include <map>
#include <string_view>
#include <tuple>
#include <variant>

namespace agent {
namespace delivery {

using core::CounterInfo;
using core::GaugeInfo;
using core::HistogramInfo;
using Kind = core::DeliveryLine::Kind;

/// The four parts of "delays=", in their order.
inline constexpr std::array<std::string_view, 4> delay_stages{
    "before_queue_manager", "queue_manager", "connection_setup", "transmission"};
inline constexpr std::array<std::string_view, 2> sources{"file", "journal"};
enum class Drop { unreadable, too_long };
inline constexpr std::array<std::string_view, 2> drops{"unreadable", "too_long"};

inline constexpr std::array<double, 9> delay_bounds{0.001, 0.01, 0.1,   1,     10,
                                                    60,    3600, 86400, 172800};
inline constexpr std::array<double, 7> size_bounds{1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
inline constexpr std::array<double, 8> recipient_bounds{1, 2, 4, 8, 16, 32, 64, 128};

/// Families of one counter that counts the lines of one kind.
struct CountedKind {
    Kind kind;
    CounterInfo family;
};
inline constexpr CountedKind counted_kinds[] = {
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

// ---- deliveries
inline constexpr HistogramInfo smtp_delay{"postfix_smtp_delivery_delay_seconds",
                                          "SMTP message processing time in seconds.",
                                          {"stage"},
                                          delay_bounds};
inline constexpr HistogramInfo lmtp_delay{"postfix_lmtp_delivery_delay_seconds",
                                          "LMTP message processing time in seconds.",
                                          {"stage"},
                                          delay_bounds};
inline constexpr HistogramInfo pipe_delay{"postfix_pipe_delivery_delay_seconds",
                                          "Pipe message processing time in seconds.",
                                          {"relay", "stage"},
                                          delay_bounds};
inline constexpr HistogramInfo delay{"postfix_elb_agent_delivery_delay_seconds",
                                     "Duration of deliveries, in the four parts that Postfix logs.",
                                     {"transport", "stage"},
                                     delay_bounds};
inline constexpr CounterInfo deliveries{"postfix_elb_agent_deliveries_total",
                                        "Attempts to deliver to one recipient, by status.",
                                        {"transport", "status"}};
inline constexpr CounterInfo smtp_status{
    "postfix_smtp_messages_processed_total",
    "Total number of messages that have been processed by the smtp process.",
    {"status"}};
inline constexpr CounterInfo smtp_deferred{
    "postfix_smtp_deferred_messages_total",
    "Total number of messages that have been deferred on SMTP."};
/// A counter in all but its type: OpenMetrics requires "_total" at the end of a counter's name.
inline constexpr GaugeInfo smtp_status_deferred{"postfix_smtp_status_deferred",
                                                "Total number of messages deferred."};
inline constexpr CounterInfo smtp_tls{
    "postfix_smtp_tls_connections_total",
    "Total number of outgoing TLS connections.",
    {"trust", "protocol", "cipher", "secret_bits", "algorithm_bits"}};
inline constexpr CounterInfo virtual_delivered{
    "postfix_virtual_delivered_total", "Total number of mail delivered to a virtual mailbox."};
// ---- the queue manager
inline constexpr HistogramInfo queued_recipients{
    "postfix_qmgr_messages_inserted_receipients",
    "Number of receipients per message inserted into the mail queues.",
    {},
    recipient_bounds};
inline constexpr HistogramInfo queued_size{
    "postfix_qmgr_messages_inserted_size_bytes",
    "Size of messages inserted into the mail queues in bytes.",
    {},
    size_bounds};
// ---- smtpd
inline constexpr CounterInfo lost{
    "postfix_smtpd_connections_lost_total", "Total number of connections lost.", {"after_stage"}};
inline constexpr CounterInfo accepted{"postfix_smtpd_messages_processed_total",
                                      "Total number of messages processed.",
                                      {"sasl_method"}};
inline constexpr CounterInfo rejected{
    "postfix_smtpd_messages_rejected_total", "Total number of NOQUEUE rejects.", {"code"}};
inline constexpr CounterInfo all_rejected{
    "postfix_elb_agent_smtpd_rejects_total",
    "Commands that smtpd rejected, by SMTP stage, reply code and "
    "origin (smtpd, milter).",
    {"stage", "code", "by"}};
inline constexpr CounterInfo smtpd_tls{
    "postfix_smtpd_tls_connections_total",
    "Total number of incoming TLS connections.",
    {"trust", "protocol", "cipher", "secret_bits", "algorithm_bits"}};
// ---- all programs
inline constexpr CounterInfo messages{"postfix_elb_agent_log_messages_total",
                                      "Warnings, errors, fatal errors and panics of Postfix.",
                                      {"service", "level"}};
inline constexpr CounterInfo unsupported{"postfix_unsupported_log_entries_total",
                                         "Log entries that could not be processed.",
                                         {"service", "level"}};
// ---- the reader
inline constexpr CounterInfo lines{"postfix_elb_agent_log_lines_total",
                                   "Lines of the mail log that were counted, of any program.",
                                   {"source"}};
inline constexpr CounterInfo lines_dropped{
    "postfix_elb_agent_log_lines_dropped_total",
    "Lines that could not be counted whole: not written by a system logger (unreadable), or cut "
    "because they were too long (too_long).",
    {"why"}};
inline constexpr GaugeInfo source{
    "postfix_elb_agent_log_source",
    "1 for the source of the counted lines; all 0 if neither can be read.",
    {"source"}};
inline constexpr GaugeInfo lag{
    "postfix_elb_agent_log_lag_seconds",
    "Age of the last line read, while more lines follow; 0 at the log's end."};
inline constexpr CounterInfo dropped{
    "postfix_elb_agent_series_dropped_total",
    "Values that were not counted because their family has reached its "
    "limit of 100 series.",
    {"family"}};

/// The families in the order of the page; those of counted_kinds follow.
inline constexpr auto page_order =
    std::tie(dropped, smtp_delay, lmtp_delay, pipe_delay, delay, deliveries, smtp_status,
             smtp_deferred, smtp_status_deferred, smtp_tls, virtual_delivered, queued_recipients,
             queued_size, lost, accepted, rejected, all_rejected, smtpd_tls, messages, unsupported,
             lines, lines_dropped, source, lag);

/// The series of `dropped` in their order: the families with label values from the log.
inline constexpr std::array capped_families{pipe_delay.name, smtp_tls.name,     accepted.name,
                                            rejected.name,   all_rejected.name, smtpd_tls.name,
                                            messages.name,   unsupported.name};

}  // namespace delivery

/// Adds the families of page_order to a page.
class DeliveryFamilies {
   public:
    explicit DeliveryFamilies(core::Exposition& page) {
        const auto add = [&](const auto& info) { added_.emplace(info.name, &page.add(info)); };
        std::apply([&](const auto&... info) { (add(info), ...); }, delivery::page_order);
    }

    template <class Metric>
    [[nodiscard]] core::MetricFamily<Metric>& of(const core::FamilyInfo<Metric>& info) const {
        return *std::get<core::MetricFamily<Metric>*>(added_.at(info.name));
    }

   private:
    using AnyFamily =
        std::variant<core::MetricFamily<core::Gauge>*, core::MetricFamily<core::Counter>*,
                     core::MetricFamily<core::Histogram>*>;
    std::map<std::string_view, AnyFamily> added_;
};

}  // namespace agent
